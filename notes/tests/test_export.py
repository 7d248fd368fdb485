"""Notes as files: one, some, or all of them."""

import io
import random
import stat
import tracemalloc
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts import changes, tags
from accounts import files as sealed
from accounts.models import FilePart, SealedFile
from ahfai.markdown.files import reference
from ahfai.sizes import MB
from notes import writing
from notes.models import Note, Tagging
from notes.transfer import exporting
from notes.transfer.exporting import MAX_NAME_BYTES, Names, file_name

EXPORT = reverse("notes:export")


def files(answer) -> dict[str, str]:
    return {name: said.decode() for name, said in unpacked(answer).items()}


def unpacked(answer) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:
        assert packed.testzip() is None
        assert len(set(packed.namelist())) == len(packed.namelist())
        return {name: packed.read(name) for name in packed.namelist()}


def pick(client, *note_ids, place: str = "list"):
    return client.post(EXPORT, {"note": note_ids, "back_to": place})


def attach(owner, name: str, data: bytes = b"\x89PNG\r\n\x1a\n") -> str:
    file = sealed.store(owner, name, [data])
    return reference(file.name, file.pk, file.is_picture)


def put_tags(note: Note, *names: str) -> None:
    changes.next_number(note.owner_id)
    for tag in tags.named(note.owner, names):
        Tagging.objects.create(owner=note.owner, note=note, tag=tag)


def test_all_notes_come_as_markdown_with_what_stands_about_them(client, owner, stranger):
    kitchen = writing.create(owner, "Kitchen: oak", "1. measure\n")
    put_tags(kitchen, "home/kitchen", "wood")
    writing.create(stranger, "Secret", "pine")
    Note.objects.filter(pk=writing.create(owner, "Old", "elm").pk).update(trashed=timezone.now())
    answer = client.get(EXPORT)
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    found = files(answer)
    assert found.keys() == {"Kitchen- oak.md", "Old.md"}
    created = kitchen.created.isoformat().replace("+00:00", "Z")
    changed = kitchen.changed.isoformat().replace("+00:00", "Z")
    assert found["Kitchen- oak.md"] == (
        f'---\ntitle: "Kitchen: oak"\ncreated: {created}\nupdated: {changed}\n'
        f'tags: ["home/kitchen", "wood"]\nid: {kitchen.pk}\n---\n\n1. measure\n\n'
    )
    assert "trashed: true" in found["Old.md"]


def test_picked_notes_come_alone_and_nobody_elses(client, owner, stranger):
    mine, _other = writing.create(owner, "Mine", "a"), writing.create(owner, "Other", "b")
    theirs = writing.create(stranger, "Secret", "pine")
    assert files(pick(client, mine.pk, theirs.pk)).keys() == {"Mine.md"}
    assert pick(client, "no id").url == reverse("notes:list")


@pytest.mark.parametrize("place", ["list", "archive", "trash"])
def test_notes_are_picked_in_each_list(client, owner, place):
    state = {"list": {}, "archive": {"archived": True}, "trash": {"trashed": timezone.now()}}[place]
    note = writing.create(owner, "Mine", "a")
    Note.objects.filter(pk=note.pk).update(**state)
    page = client.get(reverse(f"notes:{place}"), {"pick": 1}).content.decode()
    assert f'formaction="{EXPORT}?pick=1"' in page
    assert files(pick(client, note.pk, place=place)).keys() == {"Mine.md"}
    none = pick(client, place=place)
    assert none.status_code == 422
    assert "Tick the notes first." in none.content.decode()
    assert f'name="back_to" value="{place}"' in none.content.decode()


def test_a_note_that_cant_be_opened_is_named_and_the_others_come(client, owner):
    broken = writing.create(owner, "Broken", "a")
    writing.create(owner, "Whole", "b")
    sealed = Note.objects.defer(None).get(title_hash=Note.objects.get(pk=broken.pk).title_hash)
    copy = writing.create(owner, "Copy", "c")
    Note.objects.filter(pk=copy.pk).update(body=Note._meta.get_field("body").held(sealed))
    found = files(client.get(EXPORT))
    assert found.keys() == {"Broken.md", "Whole.md", "not exported.txt"}
    assert str(copy.pk) in found["not exported.txt"]
    one = client.get(reverse("notes:export_one", args=[copy.pk]))
    assert one.url == copy.get_absolute_url()


def test_one_note_is_a_file(client, strangers_client, owner):
    note = writing.create(owner, "Garten 🌳", "# Rosen")
    address = reverse("notes:export_one", args=[note.pk])
    assert address in client.get(note.get_absolute_url()).content.decode()
    answer = client.get(address)
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert "Garten%20%F0%9F%8C%B3.md" in answer["Content-Disposition"]
    assert answer.content.decode().endswith("---\n\n# Rosen\n")
    assert strangers_client.get(address).status_code == 404


def test_files_go_along_and_are_referred_to_by_paths(client, owner):
    oak, pine = attach(owner, "oak (1).png"), attach(owner, "OAK (1).png", b"words")
    one = writing.create(owner, "One", f"{oak} {pine}")
    writing.create(owner, "Two", f"{oak} of the first")
    attach(owner, "of no note.png")
    found = unpacked(client.get(EXPORT))
    assert found.keys() == {"One.md", "Two.md", "files/oak (1).png", "files/OAK (1) 2.png"}
    assert found["files/oak (1).png"] == b"\x89PNG\r\n\x1a\n"
    assert found["files/OAK (1) 2.png"] == b"words"
    assert (
        found["One.md"]
        .decode()
        .endswith(
            "\n\n![oak (1)](files/oak%20%281%29.png) [OAK (1).png](files/OAK%20%281%29%202.png)\n"
        )
    )
    assert found["Two.md"].endswith(b"\n\n![oak (1)](files/oak%20%281%29.png) of the first\n")
    assert len(unpacked(pick(client, one.pk))) == 3


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("CON.txt", "files/_CON.txt"),
        ('a"b<c>|d?.png', "files/a-b-c--d-.png"),
        ("no ending", "files/no ending"),
        (".env", "files/env"),
        ("a.b c", "files/a.b c"),
        ("x" * 146 + ".png", "files/" + "x" * 146 + ".png"),
    ],
)
def test_files_have_names_that_are_good_everywhere(client, owner, name, path):
    writing.create(owner, "Note", attach(owner, name))
    assert path in unpacked(client.get(EXPORT))


def test_a_note_that_has_files_is_a_zip_with_them(client, strangers_client, owner):
    note = writing.create(owner, "Kitchen", attach(owner, "oak.png"))
    writing.create(owner, "Other", attach(owner, "elm.png"))
    address = reverse("notes:export_one", args=[note.pk])
    answer = client.get(address)
    assert 'filename="Kitchen.zip"' in answer["Content-Disposition"]
    assert unpacked(answer).keys() == {"Kitchen.md", "files/oak.png"}
    assert strangers_client.get(address).status_code == 404


def test_a_file_that_cant_be_opened_is_named_and_the_others_come(client, owner):
    words = attach(owner, "broken.bin", b"x" * (sealed.PART + 1)) + attach(owner, "whole.png")
    writing.create(owner, "One", words)
    writing.create(owner, "Two", words)
    broken = next(file for file in SealedFile.objects.all() if file.name == "broken.bin")
    FilePart.objects.filter(file=broken, number=1).delete()
    found = unpacked(client.get(EXPORT))
    assert found.keys() == {"One.md", "Two.md", "files/whole.png", "not exported.txt"}
    assert found["not exported.txt"].decode().count(str(broken.pk)) == 1
    assert f"(file:{broken.pk})".encode() in found["One.md"]


def test_no_more_than_a_few_parts_of_a_file_are_held(owner):
    note = writing.create(
        owner, "Large", attach(owner, "a.bin", random.Random(1).randbytes(20 * MB))
    )
    size = 0
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for piece in exporting.archive(owner, owner.notes.filter(pk=note.pk)):
            size += len(piece)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert size > 20 * MB
    assert most < 12 * MB


def test_the_questions_to_the_database_dont_grow_with_the_notes(
    client, owner, django_assert_max_num_queries
):
    for number in range(20):
        put_tags(writing.create(owner, f"Note {number}", "words"), "wood", f"tag{number}")
    with django_assert_max_num_queries(9):
        assert len(files(client.get(EXPORT))) == 20


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('a/b\\c:d*e?f"g<h>i|j', "a-b-c-d-e-f-g-h-i-j"),
        ("  .hidden  ", "hidden"),
        ("ends with dots. . .", "ends with dots"),
        ("CON", "_CON"),
        ("lpt1.txt", "_lpt1.txt"),
        ("two\nlines\x00\u202e", "two lines"),
        ("...", ""),
        ("木" * 200, "木" * (MAX_NAME_BYTES // 3)),
    ],
)
def test_a_file_name_is_good_everywhere(title, name):
    assert file_name(title) == name


def test_no_two_files_are_alike():
    names = Names()
    titles = ["Note", "note", "Note 2", "", "", "ﬁ", "fi"]
    assert [names.take(title) for title in titles] == [
        *("Note.md", "note 2.md", "Note 2 2.md", "Untitled.md", "Untitled 2.md", "ﬁ.md", "fi 2.md")
    ]


def test_the_command_writes_them_for_its_owner_alone(owner, tmp_path, capsys):
    writing.create(owner, "Kitchen", "oak")
    target = tmp_path / "notes.zip"
    call_command("export_notes", owner.email, str(target))
    assert "The notes are in" in capsys.readouterr().out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert zipfile.ZipFile(target).namelist() == ["Kitchen.md"]
    with pytest.raises(CommandError, match="can't be written"):
        call_command("export_notes", owner.email, str(target))
    with pytest.raises(CommandError, match="Nobody"):
        call_command("export_notes", "nobody@example.org", str(tmp_path / "other.zip"))
