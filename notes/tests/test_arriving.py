"""Notes that come in from files: whole, once, and over nobody's head."""

import io
import itertools
import random
import uuid
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import changes, files, tags
from ahfai.markdown.files import FILE
from ahfai.testing import make_person
from notes import writing
from notes.models import Link, Note, Tagging
from notes.transfer import archives, arriving, exporting, sources
from notes.transfer.reasons import Refused

pytestmark = pytest.mark.django_db


class Book:
    """A ledger that remembers, and may end it after some batches."""

    def __init__(self, most: int = 1000) -> None:
        self.batches: list[arriving.Batch] = []
        self.most = most

    def may_go_on(self) -> bool:
        return len(self.batches) < self.most

    def enter(self, batch: arriving.Batch) -> None:
        self.batches.append(batch)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Added, here already, broken."""
        return tuple(
            sum(getattr(batch, name) for batch in self.batches)
            for name in ("added", "present", "broken")
        )

    @property
    def remarks(self) -> list[tuple[str, str]]:
        return [(one.name, one.code) for batch in self.batches for one in batch.remarks]


def packed(files: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, said in files.items():
            archive.writestr(name, said)
    return target.getvalue()


def bring(user, data: bytes | dict[str, str | bytes], name: str = "notes.zip") -> Book:
    data = packed(data) if isinstance(data, dict) else data
    book = Book()
    archive = archives.opened(name, data, user.zone)
    assert arriving.take_in(user, sources.units(archive, user.zone), book)
    return book


def tags_of(note: Note) -> list[str]:
    return exporting.tags_of(note)


def exported(user) -> bytes:
    return b"".join(exporting.archive(user, user.notes.all()))


def shown(user) -> dict[uuid.UUID, tuple]:
    return {
        note.pk: (
            *(note.title, note.body, note.excerpt, note.created, note.changed),
            *(note.pinned, note.archived, note.trashed is not None, tags_of(note)),
            sorted(note.links.values_list("title_hash", flat=True)),
            sorted(note.attachments.values_list("file", flat=True)),
        )
        for note in user.notes.all()
    }


def kept(user) -> dict[uuid.UUID, tuple[str, str, bytes]]:
    """Name, kind and bytes of the person's files."""
    return {
        file.pk: (file.name, file.kind, b"".join(files.read(file))) for file in user.files.all()
    }


TITLES = [
    *("", "a/b\\c", "say \"it\" and 'that'", "木の本 🌳", "x" * 200, "---", "CON", "a: b # c"),
    *("Same", "same", "...", "[x]", "\u202eturned", "null"),
]
BODIES = [
    *("", "words", "---\ntitle: not mine\n---\nwords", "---", "\n\nlate  \n\n", "  indented"),
    *("trailing spaces  \n", "\ttab", "[[Same]] and [[a/b]]", "```\n[[no]]\n```", "🌳" * 300),
    *("a\r\nb\rc\r\n", "# Heading\n- [ ] to do\n- [x] done"),
]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
FILES = [
    *(("oak.png", PNG), ("oak.png", PNG + b"!"), ("Oak.png", PNG), ("other.png", PNG)),
    *(("a:b (1) #%41 'x'.png", PNG), ("木 🌳.txt", b"words"), ("no ending", b"\0"), (".env", b"x")),
    # None of them is a note.
    *(("note.md", b"---\nid: 1\n---\nno"), ("keep.json", b'{"textContent": "no"}')),
    *(("broken.json", b"{"), ("large.bin", random.Random(1).randbytes(2**20 + 1))),
]
# How a body may refer to a file, and what only looks like it.
REFERRING = [
    *("![it](file:{id})", "![it](file:{id}) and [again](file:{id})", "[it][1]\n\n[1]: file:{id}"),
    *("`![it](file:{id})`", '[it](file:{id} "it")', "![it](file:{upper})", "file:{id}"),
    "![not it](files/oak.png) ![nor it](files/note.md) ![it](file:{id})",
]
TAGS = [[], ["wood"], ["home/kitchen", "Wood"], ["a", "b/c/d", "ä"]]


def fill(user, bodies_of_each: int | None) -> None:
    """Each title with so many bodies and each body with a title, or each with each, in all states
    and with all tags; each file in each way."""
    dice = random.Random(7)
    ids = [str(files.store(user, name, [data]).pk) for name, data in FILES]
    referring = [
        ("Files", way.format(id=one, upper=one.upper()))
        for way, one in itertools.product(REFERRING, ids)
    ]
    of_all = ("All files", " ".join(f"![](file:{one})" for one in ids))
    pairs = [*itertools.product(TITLES, BODIES)]
    if bodies_of_each:
        several = range(len(TITLES) * bodies_of_each)
        pairs = [(TITLES[one % len(TITLES)], BODIES[one % len(BODIES)]) for one in several]
        assert {body for _, body in pairs} == {*BODIES}
    words = [*pairs, *referring, of_all]
    for number, (title, body) in enumerate(words):
        note = writing.create(user, title, body)
        state = [{}, {"pinned": True}, {"archived": True}, {"trashed": timezone.now()}][number % 4]
        created = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=dice.random() * 6e8)
        Note.objects.filter(pk=note.pk).update(
            created=created, changed=created + timedelta(microseconds=number), **state
        )
        changes.next_number(user.pk)
        for tag in tags.named(user, dice.choice(TAGS)):
            Tagging.objects.create(owner=user, note=note, tag=tag)


@pytest.mark.parametrize(
    "bodies_of_each", [2, pytest.param(None, marks=pytest.mark.prove, id="all")]
)
def test_what_goes_out_comes_in_again_without_loss(owner, stranger, bodies_of_each):
    fill(owner, bodies_of_each)
    before, files_before, archive = shown(owner), kept(owner), exported(owner)
    assert bring(owner, archive).counts == (0, len(before), 0)
    # As somebody who deleted them by mistake; then as on another installation.
    for rows in ([owner.notes], [owner.notes, owner.files]):
        for one in rows:
            one.all().delete()
        book = bring(owner, archive)
        assert (book.counts, book.remarks) == ((len(before), 0, 0), [])
        assert shown(owner) == before
        assert kept(owner) == files_before
    again = exported(owner)
    # Somebody else here has the same export: their notes are others with the same words.
    assert bring(stranger, again).counts == (len(before), 0, 0)
    assert not {note.pk for note in stranger.notes.all()} & before.keys()
    assert bring(stranger, again).counts == (0, len(before), 0)

    def words(user):
        theirs = kept(user)
        named = {str(file_id): repr(said) for file_id, said in theirs.items()}
        return sorted(
            (note.title, FILE.sub(lambda found: named[found[1].lower()], note.body), tags_of(note))
            for note in user.notes.all()
        )

    assert words(stranger) == words(owner)
    assert not kept(stranger).keys() & files_before.keys()


def test_what_windows_saved_is_still_the_same_note(owner):
    note = writing.create(owner, "Kitchen", "one\ntwo")
    text = exporting.page(note, [])
    assert bring(owner, {"k.md": text.replace("\n", "\r\n")}).counts == (0, 1, 0)


def test_reading_it_again_adds_no_doubles(owner):
    files = {"a.md": "oak", "b.md": "elm", "deep/a.md": "oak"}
    assert bring(owner, files).counts == (3, 0, 0)
    assert bring(owner, files).counts == (0, 3, 0)
    # Nor where the folder itself was packed.
    assert bring(owner, {f"top/{name}": said for name, said in files.items()}).counts == (0, 3, 0)
    assert owner.notes.count() == 3


def test_a_note_that_was_changed_here_stays_as_it_is(owner):
    bring(owner, {"a.md": "oak", "b.md": "elm"})
    note = owner.notes.get(title_hash=owner.notes.first().title_hash)
    writing.save(note, note.title, "my own words", 1)
    assert bring(owner, {"a.md": "oak", "b.md": "elm"}).counts == (0, 2, 0)
    assert Note.objects.get(pk=note.pk).body == "my own words"


def test_our_own_file_that_was_changed_outside_comes_in_beside_the_note(owner):
    note = writing.create(owner, "Kitchen", "oak")
    text = exporting.page(note, [])
    changed = {"Kitchen.md": text.replace("oak", "elm")}
    book = bring(owner, changed)
    assert (book.counts, book.remarks) == ((1, 0, 0), [("Kitchen.md", "kept_both")])
    assert sorted(one.body for one in owner.notes.all()) == ["elm", "oak"]
    assert Note.objects.get(pk=note.pk).body == "oak"
    assert bring(owner, changed).counts == (0, 1, 0)


def test_what_lies_in_the_trash_here_is_not_brought_back(owner):
    bring(owner, {"a.md": "oak"})
    owner.notes.update(trashed=timezone.now())
    assert bring(owner, {"a.md": "oak"}).counts == (0, 1, 0)


def test_a_broken_file_is_named_and_the_others_come_in(owner):
    data = bytearray(
        packed({"bad.md": b"\xff\xfa\xfa", "good.md": "oak", "long.md": "x" * 200_001})
    )
    book = bring(owner, bytes(data))
    assert book.counts == (1, 0, 2)
    assert book.remarks == [("bad.md", "not_text"), ("long.md", "too_long")]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("good.md", "elm")
        archive.writestr("torn.md", "a line that will be torn")
    torn = target.getvalue().replace(b"will be torn", b"was just torn"[:12])
    assert bring(owner, torn).remarks == [("torn.md", "entry_damaged")]


def test_what_ended_between_two_batches_goes_on_where_it_ended(owner):
    data = packed({f"{number}.md": f"words {number}" for number in range(250)})
    units = sources.units(archives.opened("n.zip", data, owner.zone), owner.zone)
    book = Book(most=1)
    assert not arriving.take_in(owner, units, book)
    assert owner.notes.count() == book.counts[0] == 100
    rest = Book()
    assert arriving.take_in(owner, units, rest, first=100)
    assert rest.counts == (150, 0, 0)


def test_nothing_of_a_batch_stays_when_it_can_not_be_entered(owner):
    class Full(Book):
        def enter(self, batch):
            raise OSError

    units = sources.units(archives.opened("a.md", b"oak", owner.zone), owner.zone)
    with pytest.raises(OSError):  # noqa: PT011 (the one above)
        arriving.take_in(owner, units, Full())
    assert not owner.notes.exists()
    assert not Link.objects.exists()


def test_a_search_is_told_of_what_came_in(owner):
    before = type(owner).objects.get(pk=owner.pk).change_number
    bring(owner, {"a.md": "oak"})
    assert owner.notes.filter(change_number__gt=before).count() == 1


def test_the_questions_to_the_database_dont_grow_with_the_notes(
    owner, django_assert_max_num_queries
):
    files = {f"{number}.md": f"---\ntags: [wood]\n---\n[[{number}]]" for number in range(100)}
    with django_assert_max_num_queries(25):
        bring(owner, files)


def test_the_command_takes_in_a_folder_and_says_what_became_of_it(owner, tmp_path, capsys):
    (tmp_path / "Garden").mkdir()
    (tmp_path / "Garden" / "Roses.md").write_text("red")
    (tmp_path / "bad.md").write_bytes(b"\xff\xfa")
    (tmp_path / "outside.md").symlink_to("/etc/hostname")
    call_command("import_notes", owner.email, str(tmp_path))
    said = capsys.readouterr()
    assert "1 came in, 0 were here already, 2 did not come in." in said.out
    assert "bad.md: not written in UTF-8" in said.err
    assert "outside.md: a link to another place" in said.err
    [note] = owner.notes.all()
    assert (note.title, note.body, tags_of(note)) == ("Roses", "red", ["Garden"])


@pytest.mark.parametrize("name", ["nothing", "empty", "picture.png"])
def test_the_command_says_why_it_takes_in_nothing(owner, tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(CommandError):
        call_command("import_notes", owner.email, str(tmp_path / name))
    with pytest.raises(CommandError, match="Nobody"):
        call_command("import_notes", "nobody@example.org", str(tmp_path))


def test_people_dont_share_what_they_imported(owner):
    other = make_person()
    bring(owner, {"a.md": "oak"})
    assert bring(other, {"a.md": "oak"}).counts == (1, 0, 0)


def test_a_note_without_words_of_ours_is_refused_as_no_archive(owner):
    with pytest.raises(Refused, match="no_notes"):
        bring(owner, {"picture.png": b"\x89PNG"})


def test_tags_of_a_batch_are_looked_for_at_once(owner):
    def asked(prefix: str, count: int) -> int:
        files = {
            f"{prefix}{number}.md": f"---\ntags: [{prefix}/{number}, {prefix}/{number + 1}]\n---\n"
            for number in range(count)
        }
        with CaptureQueriesContext(connection) as queries:
            bring(owner, files)
        return len([query for query in queries if "accounts_tag" in query["sql"]])

    assert asked("few", 2) == asked("many", 40)
    [many] = [note for note in owner.notes.all() if note.title == "many7"]
    assert tags_of(many) == ["many/7", "many/8"]
