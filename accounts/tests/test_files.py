import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts import files
from accounts.fields import PlainTextRefused, SealedQuerySet
from accounts.files import PART
from accounts.models import FileKind, FilePart, SealedFile, UserKey
from accounts.sealing import keys
from ahfai.crypto import SealError
from ahfai.sizes import MB
from ahfai.testing import make_person
from ahfai.tests.at_once import at_once

pytestmark = pytest.mark.django_db

CANARY = b"canary in a file"


def content(length: int) -> bytes:
    """Bytes of which no two megabytes are alike."""
    return (b"".join(b"%015d\n" % n for n in range(length // 16 + 1)))[:length]


def in_pieces(data: bytes, size: int = 65_536) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def store(owner, data: bytes = CANARY, name: str = "notes.txt") -> SealedFile:
    return files.store(owner, name, in_pieces(data))


def read(file: SealedFile) -> bytes:
    return b"".join(files.read(SealedFile.objects.get(pk=file.pk)))


def verify() -> str:
    out = io.StringIO()
    call_command("verify", stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("length", [1, 16, PART - 1, PART, PART + 1, 2 * PART, 3 * PART + 77])
def test_bytes_come_back_exactly(owner, length):
    data = content(length)
    file = store(owner, data)
    assert read(file) == data
    assert file.size == length
    assert file.parts.count() == -(-length // PART)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 5),
        (PART - 3, PART + 3),
        (PART, 2 * PART),
        (5, 2 * PART + 5),
        (2 * PART + 70, None),
        (0, 9 * PART),
    ],
)
def test_a_range_of_them_is_read_alone(owner, start, end):
    data = content(2 * PART + 77)
    assert b"".join(files.read(store(owner, data), start, end)) == data[start:end]


def test_the_tables_hold_no_byte_and_no_name_in_clear(owner):
    store(owner, CANARY * 1000, "canary.txt")
    with connection.cursor() as cursor:
        for model in (SealedFile, FilePart):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            held = b"".join(
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                for row in cursor.fetchall()
                for value in row
            )
            assert owner.pk.hex.encode() in held.replace(b"-", b"")
            assert b"canary" not in held


def test_bytes_in_clear_are_refused_in_queries(owner):
    file = store(owner)
    with pytest.raises(PlainTextRefused):
        FilePart.objects.filter(data=CANARY).exists()
    with pytest.raises(PlainTextRefused):
        FilePart.objects.update(data=CANARY)
    with pytest.raises(PlainTextRefused):
        file.parts.values_list("data")
    with pytest.raises(TypeError, match="takes bytes, not str"):
        FilePart(file=file, owner=owner, data="text")


def exchange(file: SealedFile, other: SealedFile) -> None:
    """Two parts change their places."""
    one, two = file.parts.get(number=0), other.parts.latest("number")
    place = {"file": two.file_id, "number": two.number}
    FilePart.objects.filter(pk=two.pk).update(number=1000)
    FilePart.objects.filter(pk=one.pk).update(**place)
    FilePart.objects.filter(pk=two.pk).update(file=file.pk, number=0)


def drop_last(file: SealedFile) -> None:
    file.parts.filter(is_last=True).delete()
    FilePart.objects.filter(file=file, number=1).update(is_last=True)
    SealedFile.objects.filter(pk=file.pk).update(size=2 * PART)


def drop_last_and_say_nothing(file: SealedFile) -> None:
    file.parts.filter(is_last=True).delete()
    SealedFile.objects.filter(pk=file.pk).update(size=2 * PART)


def put_behind(file: SealedFile) -> None:
    file.parts.filter(is_last=True).update(is_last=False)
    more = FilePart(owner=file.owner, file=file, number=3, is_last=True, data=b"more")
    more.save()
    SealedFile.objects.filter(pk=file.pk).update(size=3 * PART + 4)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda file: exchange(file, file),
        lambda file: exchange(file, store(file.owner, content(3 * PART))),
        lambda file: file.parts.filter(number=1).delete(),
        drop_last,
        drop_last_and_say_nothing,
        put_behind,
        lambda file: SealedFile.objects.filter(pk=file.pk).update(size=F("size") - 1),
        lambda file: SealedFile.objects.filter(pk=file.pk).update(size=F("size") - 1 - PART),
        lambda file: file.parts.filter(number=2).update(number=7),
    ],
    ids=[
        *("parts exchanged", "part of another file", "part gone", "cut off"),
        *("cut off quietly", "more behind"),
        *("size cut", "size cut by a part", "number changed"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused_and_named(owner, tamper):
    file = store(owner, content(2 * PART + 77))
    tamper(file)
    with pytest.raises(SealError) as refused:
        read(file)
    assert "0" * 9 not in str(refused.value)
    with pytest.raises(CommandError, match="can't be opened"):
        verify()


def test_verify_tells_of_a_file_that_is_not_whole(owner):
    whole, torso = store(owner, content(2 * PART)), store(owner, content(2 * PART))
    said = verify()
    assert "accounts.FilePart: 4 opened, 0 not" in said
    torso.parts.filter(number=0).delete()
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 can't be opened"):
        call_command("verify", stdout=out)
    assert f"not whole: accounts.SealedFile {torso.pk}" in out.getvalue()
    assert str(whole.pk) not in out.getvalue()


def test_a_new_key_seals_files_too(owner):
    data = content(10 * PART)
    file = store(owner, data, "canary.txt")
    call_command("keys", "reseal", stdout=io.StringIO())
    UserKey.objects.update(created=timezone.now() - keys.KEPT_FOR - timedelta(seconds=1))
    call_command("keys", "reseal", "--finish", stdout=io.StringIO())
    assert owner.keys.get().generation == 2
    keys.clear_cache()
    assert read(file) == data
    assert SealedFile.objects.get().name == "canary.txt"
    assert "Everything opens." in verify()


def test_a_person_who_is_deleted_takes_their_files_along(owner, stranger):
    kept, _gone = store(owner, content(2 * PART)), store(stranger, content(2 * PART))
    stranger.delete()
    assert SealedFile.objects.get() == kept
    assert set(FilePart.objects.values_list("file", flat=True)) == {kept.pk}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", FileKind.PNG),
        (b"\xff\xd8\xff\xe0\0", FileKind.JPEG),
        (b"GIF89a\1\0", FileKind.GIF),
        (b"RIFF\n\0\0\0WEBPVP8 ", FileKind.WEBP),
        (b"RIFF\n\0\0\0WAVE", FileKind.OTHER),
        (b"%PDF-1.7\n\xff", FileKind.PDF),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FileKind.TEXT),
        (b"<html><script>alert(1)</script>", FileKind.TEXT),
        ("Grüße 茶".encode(), FileKind.TEXT),
        ("茶".encode()[:2], FileKind.OTHER),
        (b"text with \0", FileKind.OTHER),
        (content(2 * PART) + b"\xff", FileKind.OTHER),
        # A letter over the border of two parts.
        (b"x" * (PART - 1) + "é".encode(), FileKind.TEXT),
    ],
)
def test_what_kind_it_is_is_seen_by_its_bytes(owner, data, kind):
    assert store(owner, data, "picture.png").kind == kind


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Plan.pdf", "Plan.pdf"),
        ("C:\\Users\\ada\\Plan.pdf", "Plan.pdf"),
        ("../../etc/passwd", "passwd"),
        (" a\n b\t.txt ", "a b .txt"),
        ("fdp\u202egpj.exe", "fdpgpj.exe"),
        ("x" * 300 + ".jpeg", "x" * 145 + ".jpeg"),
        ("a." + "b" * 300, "a." + "b" * 148),
        ("...", "file"),
        ("\udcff", "file"),
        ("家 計.txt", "家 計.txt"),
    ],
)
def test_a_name_is_one_line_and_no_path(owner, name, kept):
    assert store(owner, name=name).name == kept


def test_too_large_a_file_leaves_nothing(owner, settings):
    settings.UPLOAD_MB = 1
    assert store(owner, content(MB)).size == MB
    with pytest.raises(files.TooLarge, match=r"at most 1.MB"):
        store(owner, content(MB + 1))
    assert SealedFile.objects.count() == FilePart.objects.count() == 1


def test_an_empty_file_is_not_taken(owner):
    with pytest.raises(files.Refused, match="empty"):
        store(owner, b"")
    assert not SealedFile.objects.exists()


def test_each_person_has_room_for_themselves(owner, stranger, settings):
    settings.QUOTA_MB = 2
    store(owner, content(MB))
    with pytest.raises(files.TooLarge, match=r"no room for this file: 1.MB are left"):
        store(owner, content(MB + 1))
    store(stranger, content(MB + 1))
    store(owner, content(MB))
    assert files.used(owner) == 2 * MB
    SealedFile.objects.filter(owner=owner).first().delete()
    store(owner, content(MB))
    settings.QUOTA_MB = 1
    with pytest.raises(files.TooLarge, match=r"no room for this file: 0.bytes are left"):
        store(owner, b"one more")


def test_two_workers_that_clear_away_at_once_remove_a_file_once(owner, monkeypatch):
    store(owner)
    SealedFile.objects.update(needed=timezone.now() - timedelta(days=2))
    lock, other = SealedQuerySet.select_for_update, []

    def lock_after_the_other_worker(rows, *arguments, **named):
        monkeypatch.undo()
        other.append(files.drop_unneeded())
        return lock(rows, *arguments, **named)

    monkeypatch.setattr(SealedQuerySet, "select_for_update", lock_after_the_other_worker)

    assert files.drop_unneeded() == 0
    assert other == [1]
    assert not SealedFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_those_who_come_at_once_are_counted_together(settings):
    settings.QUOTA_MB = 3
    person = make_person()

    refused = []

    def one(number: int) -> None:
        try:
            store(person, content(MB))
        except files.TooLarge:
            refused.append(number)

    at_once(one, 6)
    assert len(refused) == 3
    assert files.used(person) == 3 * MB
    # The tables are emptied in any order, and no part stays without its file.
    person.files.all().delete()
