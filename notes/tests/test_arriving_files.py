"""Pictures and files that come in with notes: whole, once, and no more than there is room for."""

import io
import random
import re
import tracemalloc
import zipfile

import pytest

from accounts import files
from accounts.models import SealedFile
from ahfai.sizes import MB
from ahfai.testing import make_person
from ahfai.worker import Worker
from notes import attachments
from notes.models import MAX_BODY, Attachment, Note
from notes.tests.test_archives import lying, zipped
from notes.tests.test_arriving import Book, bring, exported, packed
from notes.tests.test_attachments import two_days_pass
from notes.transfer import archives, arriving, sources

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
SEA = {"Sea.md": "![the sea](img/sea.png) and [prices](<my prices.txt>)", "img/sea.png": PNG}
SEA["my prices.txt"] = "oak: 20"


def kept(user) -> dict[str, bytes]:
    return {file.name: b"".join(files.read(file)) for file in user.files.all()}


def file_of(user, name: str) -> SealedFile:
    return next(file for file in user.files.all() if file.name == name)


def test_they_are_kept_sealed_and_the_note_shows_them(client, owner):
    book = bring(owner, SEA)
    assert (book.counts, book.remarks) == ((1, 0, 0), [])
    assert kept(owner) == {"sea.png": PNG, "my prices.txt": b"oak: 20"}
    picture, prices = file_of(owner, "sea.png"), file_of(owner, "my prices.txt")
    note = owner.notes.get()
    assert note.body == f"![the sea](file:{picture.pk}) and [prices](file:{prices.pk})"
    assert note.excerpt == "the sea and prices"
    page = client.get(note.get_absolute_url()).content.decode()
    assert f'<img src="{picture.get_absolute_url()}" alt="the sea"' in page
    two_days_pass()
    Worker().work()
    assert owner.files.count() == 2


def test_reading_it_again_adds_no_doubles(owner):
    bring(owner, SEA)
    ids = set(owner.files.values_list("pk", flat=True))
    assert bring(owner, SEA).counts == (0, 1, 0)
    # The same files in another note, and in one that was changed outside.
    more = SEA | {"Sea.md": SEA["Sea.md"] + "!", "Other.md": "![](img/sea.png) ![](img/sea.png)"}
    assert bring(owner, more).counts == (2, 0, 0)
    assert set(owner.files.values_list("pk", flat=True)) == ids
    # Another name or other bytes make another file.
    bring(owner, {"a.md": "![](sea.png)", "sea.png": PNG + b"!"})
    bring(owner, {"b.md": "![](lake.png)", "lake.png": PNG})
    assert owner.files.count() == 4


def test_a_picture_of_our_own_export_that_was_changed_outside_comes_in_beside_the_one_here(owner):
    bring(owner, SEA)
    [before] = owner.notes.all()
    with zipfile.ZipFile(io.BytesIO(exported(owner))) as ours:
        changed = {name: ours.read(name) for name in ours.namelist()}
    changed["files/sea.png"] = PNG + b"brighter"
    changed["Sea.md"] += b"brighter"
    assert bring(owner, changed).counts == (1, 0, 0)
    after = owner.notes.exclude(pk=before.pk).get()
    assert after.body.endswith("\nbrighter")
    sizes = sorted(file.size for file in owner.files.all())
    assert sizes == [7, len(PNG), len(PNG + b"brighter")]
    assert set(attachments.attached(before)) != set(attachments.attached(after))
    # One that was left out when the folder was packed is still here.
    del changed["files/sea.png"]
    changed["Sea.md"] += b", and without it"
    assert bring(owner, changed).remarks == [("Sea.md", "kept_both")]
    owner.files.all().delete()
    changed["Sea.md"] += b" again"
    missing = ("files/sea.png", "file_missing")
    assert bring(owner, changed).remarks == [("Sea.md", "kept_both"), missing]


def test_people_dont_share_files_that_they_imported(owner):
    other = make_person()
    bring(owner, SEA)
    bring(other, SEA)
    assert kept(other) == kept(owner)
    assert not {*other.files.values_list("pk")} & {*owner.files.values_list("pk")}


def test_a_file_that_is_too_large_is_named_and_the_note_comes_in(owner, settings):
    settings.UPLOAD_MB = 1
    book = bring(owner, SEA | {"img/sea.png": b"x" * (MB + 1)})
    assert (book.counts, book.remarks) == ((1, 0, 0), [("img/sea.png", "file_too_large")])
    assert kept(owner) == {"my prices.txt": b"oak: 20"}
    assert owner.notes.get().body.startswith("![the sea](img/sea.png) and [prices](file:")


def test_files_for_which_no_room_is_left_are_named(owner, settings):
    settings.QUOTA_MB = 1
    big = {"Sea.md": "![](a.bin) ![](b.bin) ![](c.txt)", "c.txt": "little"}
    big |= {"a.bin": b"a" * (MB - 10), "b.bin": b"b" * 100}
    assert bring(owner, big).remarks == [("b.bin", "file_no_room")]
    assert sorted(kept(owner)) == ["a.bin", "c.txt"]


def test_files_that_are_empty_damaged_or_missing_are_named(owner, tmp_path):
    assert bring(owner, {"a.md": "![](a.png)", "a.png": ""}).remarks == [("a.png", "file_empty")]
    torn = lying(zipped(("b.md", b"![](b.png)"), ("b.png", PNG * 100)), 10)
    assert bring(owner, torn).remarks == [("b.png", "file_damaged")]
    keep = '{"textContent": "sea", "attachments": [{"filePath": "sea.jpg"}]}'
    assert bring(owner, {"Keep/c.json": keep}).remarks == [("sea.jpg", "file_missing")]
    (tmp_path / "d.md").write_text("![](d.png)")
    (tmp_path / "d.png").symlink_to("/etc/hostname")
    book, archive = Book(), archives.folder(tmp_path)
    assert arriving.take_in(owner, sources.units(archive, owner.zone), book)
    assert book.remarks == [("d.png", "file_link")]
    assert not SealedFile.objects.exists()
    assert owner.notes.count() == 4


def test_code_that_looks_like_a_picture_stays_code(owner):
    bring(owner, {"a.md": "![](sea.png) `![](sea.png)`", "sea.png": PNG})
    assert re.fullmatch(r"!\[\]\(file:\S+\) `!\[\]\(sea\.png\)`", owner.notes.get().body)


def test_more_files_than_go_into_one_note_are_left_out_and_said(owner, monkeypatch):
    monkeypatch.setattr("notes.transfer.files.MOST_FILES", 1)
    book = bring(owner, SEA)
    assert book.remarks == [("Sea.md", "attachments")]
    assert owner.files.count() == Attachment.objects.count() == 1


def test_a_note_that_its_files_make_too_long_comes_in_with_fewer(owner):
    body = "![](a)" * 40
    book = bring(owner, {"a.md": body + "x" * (MAX_BODY - len(body)), "a": PNG})
    assert book.remarks == [("a.md", "attachments")]
    assert len(owner.notes.get().body) == MAX_BODY


@pytest.mark.parametrize("most", [0, 1])
def test_a_cancelled_import_leaves_no_file_without_a_note_for_long(owner, monkeypatch, most):
    monkeypatch.setattr(arriving, "AT_ONCE", 1)
    data = packed({f"{n}.md": f"![]({n}.png)" for n in range(3)} | {f"{n}.png": PNG for n in "012"})
    units = sources.units(archives.opened("n.zip", data, owner.zone), owner.zone)
    assert not arriving.take_in(owner, units, Book(most=most))
    assert owner.notes.count() == owner.files.count() == most


def test_a_batch_that_fails_leaves_no_file_for_long_and_the_next_try_takes_it_up(owner):
    class Full(Book):
        def enter(self, batch):
            raise OSError

    units = sources.units(archives.opened("n.zip", packed(SEA), owner.zone), owner.zone)
    with pytest.raises(OSError):  # noqa: PT011 (the one above)
        arriving.take_in(owner, units, Full())
    assert not Note.objects.exists()
    ids = set(owner.files.values_list("pk", flat=True))
    assert bring(owner, SEA).counts == (1, 0, 0)
    assert set(owner.files.values_list("pk", flat=True)) == ids
    owner.notes.all().delete()
    two_days_pass()
    Worker().work()
    assert not SealedFile.objects.exists()


def test_a_large_file_ends_its_batch(owner):
    names = [f"{number}.md" for number in range(4)]
    data = {name: f"![]({name}.bin)" for name in names}
    data |= {f"{name}.bin": name.encode() * MB for name in names}
    assert [batch.done for batch in bring(owner, data).batches] == [1, 1, 1, 1]


def test_no_large_file_is_held_as_a_whole(owner):
    data = packed({"a.md": "![](a.bin)", "a.bin": random.Random(1).randbytes(15 * MB)})
    units = sources.units(archives.opened("n.zip", data, owner.zone), owner.zone)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert arriving.take_in(owner, units, Book())
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert owner.files.get().size == 15 * MB
    assert most < 10 * MB


def test_the_questions_to_the_database_dont_grow_with_the_notes_of_one_file(
    owner, django_assert_max_num_queries
):
    notes = {f"{number}.md": f"![](a.png) {number}" for number in range(20)}
    units = sources.units(
        archives.opened("n.zip", packed(notes | {"a.png": PNG}), owner.zone), owner.zone
    )
    with django_assert_max_num_queries(45):
        assert arriving.take_in(owner, units, Book())
