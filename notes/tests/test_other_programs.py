"""What other programs export, as they write it."""

import io
import json
import tarfile
from datetime import UTC, datetime

import pytest

from accounts.models import User
from notes.models import Note
from notes.tests.test_arriving import bring, packed, tags_of
from notes.transfer import lexical

pytestmark = [pytest.mark.django_db, pytest.mark.same_everywhere]


def notes(owner) -> dict[str, Note]:
    return {note.title: note for note in owner.notes.all()}


def file_of(owner: User) -> str:
    """What refers to the one file of this person."""
    return f"file:{owner.files.get().pk}"


# --- Obsidian -----------------------------------------------------------------------------------

VAULT = {
    "Vault/.obsidian/app.json": "{}",
    "Vault/Inbox.md": (
        "See [[Plan]], [[Plan|the plan]], [[Garden/Plan#Roses|roses]] and [[Nowhere yet]].\n"
        "![[sea.png]] ![[sea.png|300]] ![old](img/sea.png)\n"
        "#garden #2024 #home/kitchen a#no\n"
        "`[[Plan]] #code`\n\n```\n[[Plan]] #fenced\n```\n"
    ),
    "Vault/Garden/Plan.md": (
        "---\ntags:\n  - roses\n  - to do\naliases: [The plan]\ncssclasses: wide\n"
        "created: 2024-05-01\n---\nBack to [the inbox](../Inbox.md) or [out](https://a.example/x.md).\n"
        "[[Inbox#Today#At noon]], [[Inbox#^3f9]], [[#Oak]], [see](../Inbox.md#To%20do)\n"
    ),
    "Vault/img/sea.png": b"\x89PNG",
}


def test_a_vault_of_obsidian_comes_in_with_its_links_and_tags(owner):
    owner.time_zone = "Europe/Brussels"
    book = bring(owner, VAULT)
    assert book.counts == (2, 0, 0)
    assert book.remarks == []
    inbox, plan = notes(owner)["Inbox"], notes(owner)["Plan"]
    sea = file_of(owner)
    assert inbox.body == (
        "See [[Plan]], the plan ([[Plan]]), roses ([[Plan#Roses]]) and [[Nowhere yet]].\n"
        f"![sea.png]({sea}) ![sea.png]({sea}) ![old]({sea})\n"
        "#garden #2024 #home/kitchen a#no\n"
        "`[[Plan]] #code`\n\n```\n[[Plan]] #fenced\n```"
    )
    assert tags_of(inbox) == ["garden", "home/kitchen"]
    assert plan.body == (
        "Back to the inbox ([[Inbox]]) or [out](https://a.example/x.md).\n"
        "[[Inbox#At noon]], [[Inbox]], [[#Oak]], see ([[Inbox#To do]])\n\n"
        "```yaml\naliases: [The plan]\ncssclasses: wide\n```"
    )
    assert tags_of(plan) == ["garden", "roses", "to-do"]
    assert plan.created == datetime(2024, 4, 30, 22, tzinfo=UTC)
    assert bring(owner, VAULT).counts == (0, 2, 0)


# --- Joplin -------------------------------------------------------------------------------------


def test_joplins_markdown_with_front_matter_comes_in(owner):
    files = {
        "Work/Meeting.md": (
            '---\ntitle: "Meeting: Monday"\nupdated: 2023-02-03 10:11:12Z\n'
            "created: 2023-02-01 08:00:00Z\nlatitude: 50.1\ntags:\n  - work\n---\n\n"
            "[Agenda](../Agenda.md) ![pic](../_resources/a%20b.png)\n"
        ),
        "Agenda.md": "---\ntitle: Agenda\n---\n\n1. coffee\n",
        "_resources/a b.png": b"\x89PNG",
    }
    assert bring(owner, files).remarks == []
    meeting = notes(owner)["Meeting: Monday"]
    assert meeting.body == (f"[[Agenda]] ![pic]({file_of(owner)})\n\n```yaml\nlatitude: 50.1\n```")
    # The notebook and the tag have the same name but for its letter case.
    assert tags_of(meeting) == ["work"]
    assert meeting.created == datetime(2023, 2, 1, 8, tzinfo=UTC)
    assert meeting.changed == datetime(2023, 2, 3, 10, 11, 12, tzinfo=UTC)


def joplin_id(number: int) -> str:
    return f"{number:032x}"


def joplin(number: int, kind: int, head: str = "", **fields) -> tuple[str, str]:
    lines = {"id": joplin_id(number), **fields, "type_": kind}
    tail = "\n".join(f"{name}: {value}" for name, value in lines.items())
    return f"{joplin_id(number)}.md", f"{head}\n\n{tail}" if head else tail


JOPLIN = dict(
    [
        joplin(1, 2, "Home", parent_id=""),
        joplin(2, 2, "Kitchen", parent_id=joplin_id(1)),
        joplin(
            3,
            1,
            f"Oven\n\nhot: yes\n\nSee [wood](:/{joplin_id(4)}) ![pic](:/{joplin_id(9)})",
            parent_id=joplin_id(2),
            created_time="2022-01-02T03:04:05.678Z",
            updated_time="2022-02-02T03:04:05.678Z",
            user_created_time="2021-01-02T03:04:05.678Z",
            user_updated_time="2021-02-02T03:04:05.678Z",
            is_todo=1,
            todo_completed=0,
        ),
        joplin(4, 1, "Oak", parent_id=joplin_id(1), is_todo=0, deleted_time=0),
        joplin(5, 5, "warm things", parent_id=""),
        joplin(6, 6, note_id=joplin_id(3), tag_id=joplin_id(5)),
        joplin(7, 1, parent_id="", encryption_applied=1),
        joplin(9, 4, "pic.png", mime="image/png"),
        (f"resources/{joplin_id(9)}.png", b"\x89PNG"),
    ]
)


def jex(files: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, said in files.items():
            said = said.encode() if isinstance(said, str) else said
            info = tarfile.TarInfo(name)
            info.size = len(said)
            archive.addfile(info, io.BytesIO(said))
    return target.getvalue()


@pytest.mark.parametrize(("pack", "name"), [(packed, "raw.zip"), (jex, "notes.jex")])
def test_joplins_own_export_comes_in_with_notebooks_tags_and_links(owner, pack, name):
    book = bring(owner, pack(JOPLIN), name)
    assert book.counts == (2, 0, 1)
    assert book.remarks == [(f"{joplin_id(7)}.md", "locked_note")]
    oven = notes(owner)["Oven"]
    assert oven.body == (f"hot: yes\n\nSee wood ([[Oak]]) ![pic]({file_of(owner)})")
    assert owner.files.get().name == "pic.png"
    assert tags_of(oven) == ["Home/Kitchen", "to-do", "warm-things"]
    assert oven.created == datetime(2021, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert oven.changed == datetime(2021, 2, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert notes(owner)["Oak"].body == ""
    assert bring(owner, pack(JOPLIN), name).counts == (0, 2, 1)


@pytest.mark.parametrize(
    ("title", "name"),
    [("Scan of May", "Scan of May.pdf"), ("May.PDF", "May.PDF"), ("", f"{joplin_id(2)}.pdf")],
)
def test_files_of_joplin_keep_their_names(owner, title, name):
    files = dict(
        [
            joplin(1, 1, f"Bills\n\n[bill](:/{joplin_id(2)})"),
            joplin(2, 4, title, mime="application/pdf"),
            (f"resources/{joplin_id(2)}.pdf", b"%PDF-1.4"),
        ]
    )
    assert bring(owner, files).remarks == []
    assert owner.files.get().name == name


# --- Google Keep --------------------------------------------------------------------------------


def keep(**fields) -> str:
    said = {"color": "DEFAULT", "isTrashed": False, "isPinned": False, "isArchived": False}
    moments = {
        "userEditedTimestampUsec": 1_600_000_000_123_456,
        "createdTimestampUsec": 1_500_000_000_000_000,
    }
    return json.dumps(said | moments | {"title": "", "textContent": ""} | fields)


def test_google_keep_comes_in_from_takeout(owner):
    shopping = {
        "listContent": [{"text": "milk", "isChecked": True}, {"text": "*b*", "isChecked": False}],
        "labels": [{"name": "To buy"}, {"name": "home"}],
    }
    sea = {
        "textContent": "By the sea\nhttps://b.example",
        "isArchived": True,
        "annotations": [{"url": "https://a.example"}, {"url": "https://b.example"}],
        "attachments": [{"filePath": "sea.jpg", "mimetype": "image/jpeg"}],
    }
    book = bring(
        owner,
        {
            "Takeout/Keep/Shopping.json": keep(title="Shopping", isPinned=True, **shopping),
            "Takeout/Keep/Shopping.html": "<html>",
            "Takeout/Keep/Sea.json": keep(title="Sea", **sea),
            "Takeout/Keep/sea.jpg": b"\xff\xd8",
            "Takeout/Keep/Old.json": keep(title="Old \ud83d", textContent="x", isTrashed=True),
            "Takeout/Keep/Labels.txt": "home",
            "Takeout/Keep/Broken.json": "{",
        },
    )
    assert book.counts == (3, 0, 1)
    assert book.remarks == [("Keep/Broken.json", "not_a_note")]
    found = notes(owner)
    assert found["Shopping"].body == "- [x] milk\n- [ ] \\*b\\*"
    assert found["Shopping"].pinned
    assert tags_of(found["Shopping"]) == ["To-buy", "home"]
    assert found["Shopping"].created == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
    assert found["Shopping"].changed == datetime(2020, 9, 13, 12, 26, 40, 123456, tzinfo=UTC)
    assert found["Sea"].archived
    assert found["Sea"].body == (
        f"By the sea\nhttps://b.example\n\n<https://a.example>\n\n![sea.jpg]({file_of(owner)})"
    )
    assert found["Old \ufffd"].trashed


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ("5 * 3, *very* good\n# no heading", "5 \\* 3, \\*very\\* good\n\\# no heading"),
        ("sum\n---\n[x] a <b>", "sum\n\\---\n[x\\] a \\<b>"),
        ("- milk\n* *new* bread\n2. eggs", "- milk\n* \\*new\\* bread\n2. eggs"),
        ("see https://a.example/*x*_y_ *", "see https://a.example/*x*_y_ \\*"),
    ],
)
def test_what_was_typed_in_keep_stays_words(owner, typed, body):
    bring(owner, {"Takeout/Keep/A.json": keep(title="A", textContent=typed)})
    assert notes(owner)["A"].body == body


# --- Standard Notes -----------------------------------------------------------------------------


def standard(**content) -> dict:
    number = content.pop("number")
    kind = content.pop("kind", "Note")
    moments = {"created_at": "2020-01-02T03:04:05.000Z", "updated_at": "2021-01-02T03:04:05.000Z"}
    return {"uuid": f"uuid-{number}", "content_type": kind, "content": content, **moments}


def refer(*numbers: int, **more) -> list[dict]:
    return [{"uuid": f"uuid-{number}", "content_type": "Note", **more} for number in numbers]


def test_a_backup_of_standard_notes_comes_in_with_its_tags(owner):
    state = {"org.standardnotes.sn": {"pinned": True, "client_updated_at": "2022-02-02T00:00:00Z"}}
    backup = {
        "version": "004",
        "items": [
            standard(number=1, title="Kitchen", text="oak\r\n", appData=state),
            standard(number=2, title="Gone", text="", trashed=True),
            {"uuid": "uuid-3", "content_type": "Note", "content": "004:locked"},
            {"uuid": "uuid-4", "content_type": "Note", "deleted": True},
            standard(number=5, kind="Tag", title="home", references=refer(2)),
            standard(number=6, kind="Tag", title="warm place", references=refer(1, 5)),
            standard(number=7, kind="Tag", title="old.way", references=refer(1)),
            {"uuid": "uuid-8", "content_type": "SN|ItemsKey", "content": {}},
        ],
    }
    name = "Standard Notes Backup and Import File.txt"
    files = {name: json.dumps(backup), "readme.txt": "no JSON"}
    book = bring(owner, files)
    assert book.counts == (2, 0, 1)
    assert book.remarks == [(f"{name}: uuid-3", "locked_note")]
    kitchen = notes(owner)["Kitchen"]
    assert (kitchen.body, kitchen.pinned) == ("oak\n", True)
    assert tags_of(kitchen) == ["home/warm-place", "old/way"]
    assert kitchen.changed == datetime(2022, 2, 2, tzinfo=UTC)
    assert notes(owner)["Gone"].trashed
    assert bring(owner, json.dumps(backup).encode(), name).counts == (0, 2, 1)


def node(kind: str, *children: dict, **more) -> dict:
    return {"type": kind, "version": 1, "children": list(children), **more}


def words(text: str, format: int = 0, kind: str = "text") -> dict:
    return {"type": kind, "text": text, "format": format, "version": 1}


def document(*blocks: dict) -> str:
    return json.dumps({"root": node("root", *blocks)})


def paragraph(*children: dict) -> dict:
    return node("paragraph", *children)


def items(kind: str, *children: dict, **more) -> dict:
    return node("list", *children, listType=kind, **more)


def bring_super(owner, said: str, **content) -> tuple[list[tuple[str, str]], Note]:
    """The remarks, and the note."""
    content = {"title": "Super", "text": said, "noteType": "super", **content}
    backup = {"items": [standard(number=1, **content), standard(number=2, title="Oak", text="")]}
    book = bring(owner, json.dumps(backup).encode(), "backup.txt")
    return book.remarks, notes(owner)["Super"]


def cell(text: str) -> dict:
    return node("tablecell", paragraph(words(text)))


BREAK = {"type": "linebreak"}


@pytest.mark.parametrize(
    ("blocks", "body"),
    [
        ([node("heading", words("Plan"), tag="h2"), paragraph(words("Oak"))], "## Plan\n\nOak"),
        ([paragraph(words("one"), BREAK, words("two")), paragraph()], "one\ntwo"),
        (
            [paragraph(words("so "), words("bold", 1), words(" and both", 3), words("!", 0))],
            "so **bold *and both***!",
        ),
        ([paragraph(words("gone ", 4), words("a`b", 16))], "~~gone~~ `` a`b ``"),
        (
            [paragraph(words("2 * 3 < 4, snake_case, _no_, [[Oak]], $x$"))],
            r"2 \* 3 \< 4, snake_case, \_no\_, [[Oak\]\], \$x\$",
        ),
        (
            [paragraph(words("# none"), BREAK, words("1. none"), BREAK, words("- none"))],
            "\\# none\n1\\. none\n\\- none",
        ),
        (
            [
                items(
                    "bullet",
                    node("listitem", words("milk")),
                    node("listitem", items("number", node("listitem", words("oat")), start=3)),
                    node("listitem", words("eggs")),
                )
            ],
            "- milk\n  3. oat\n- eggs",
        ),
        (
            [
                items(
                    "check",
                    node("listitem", words("done"), checked=True),
                    node("listitem", words("open")),
                )
            ],
            "- [x] done\n- [ ] open",
        ),
        ([node("quote", words("said"), BREAK, words("so"))], "> said\n> so"),
        (
            [
                node(
                    "code",
                    words("if *x*:", kind="code-highlight"),
                    BREAK,
                    {"type": "tab"},
                    words("y", kind="code-highlight"),
                    language="python",
                )
            ],
            "```python\nif *x*:\n\ty\n```",
        ),
        (
            [
                paragraph(
                    words("Look!"),
                    node("link", words("here", 1), url="https://a.example/(b)"),
                    words(" or "),
                    node("link", words("there"), url="javascript:alert(1)"),
                    node("autolink", words("https://c.example"), url="https://c.example"),
                )
            ],
            "Look\\![**here**](https://a.example/%28b%29) or there<https://c.example>",
        ),
        ([node("horizontalrule")], "---"),
        (
            [node("table", node("tablerow", cell("a|b"), cell("c")), node("tablerow", cell("d")))],
            "| a\\|b | c |\n| --- | --- |\n| d |  |",
        ),
        (
            [
                node(
                    "collapsible-container",
                    node("collapsible-title", words("More")),
                    node("collapsible-content", paragraph(words("inside"))),
                ),
                node("of-tomorrow", text="its words"),
            ],
            "More\n\ninside\n\nits words",
        ),
        ([paragraph(words("see "), {"type": "snbubble", "itemUuid": "uuid-2"})], "see [[Oak]]"),
        ([], ""),
    ],
)
def test_a_super_note_of_standard_notes_becomes_markdown(owner, blocks, body):
    remarks, note = bring_super(owner, document(*blocks))
    assert (remarks, note.body) == ([], body)


def test_what_is_not_marked_as_super_stays_as_it_is(owner):
    said = document(paragraph(words("oak")))
    assert bring_super(owner, said, noteType="plain-text")[1].body == said


def test_an_older_backup_names_the_editor_of_super_notes(owner):
    said = document(paragraph(words("oak")))
    editor = "com.standardnotes.super-editor"
    assert bring_super(owner, said, noteType=None, editorIdentifier=editor)[1].body == "oak"


def deep(levels: int) -> str:
    nested = '{"type": "quote", "children": [' * levels
    return '{"root": {"type": "root", "children": [' + nested + "]}" * levels + "]}}"


@pytest.mark.parametrize(
    "said",
    [
        "{",
        "no JSON",
        "[]",
        '{"root": []}',
        '{"root": {"type": "page", "children": []}}',
        deep(100),
        deep(5000),
    ],
)
def test_a_super_note_that_cannot_be_understood_comes_in_as_it_is_and_is_named(owner, said):
    remarks, note = bring_super(owner, said)
    assert remarks == [("backup.txt: Super", "as_it_was")]
    assert note.body == said


def test_a_super_note_of_very_many_pieces_is_given_up_soon(owner, monkeypatch):
    monkeypatch.setattr(lexical, "MAX_NODES", 50)
    assert bring_super(owner, document(*[paragraph(words("x"))] * 100))[0]


@pytest.mark.parametrize("wrong", [None, 3, "x", [], {}, [None], [[]], True])
@pytest.mark.parametrize(
    "name", ["children", "text", "format", "tag", "start", "checked", "url", "type", "language"]
)
def test_a_super_note_with_something_wrong_in_it_still_gives_its_words(owner, name, wrong):
    blocks = [
        node("heading", words("head"), tag="h1"),
        items("number", node("listitem", words("item"), checked=True), start=1),
        node("code", words("code"), language="c"),
        paragraph(node("link", words("link"), url="https://a.example")),
        paragraph(words("sure")),
    ]
    for block in blocks[:-1]:
        for one in (block, *block["children"]):
            one[name] = wrong
    assert "sure" in bring_super(owner, document(*blocks))[1].body


@pytest.mark.parametrize(
    "said",
    [
        "[" * 100_000,
        '{"items": 1}',
        '{"items": [1, {"content_type": "Note"}, {"content_type": "Note", "content": []}]}',
        '{"items": [{"content_type": 3}, {"content_type": "Tag", "content": {"references": 1}}]}',
        '{"textContent": 1, "listContent": {"a": 1}, "labels": [1], "createdTimestampUsec": 1e400}',
        '{"textContent": null, "userEditedTimestampUsec": 99999999999999999999999999}',
        '{"isTrashed": [], "attachments": [{"filePath": {}}], "title": ["x"]}',
        "1" * 10_000,
    ],
)
def test_json_that_is_something_else_than_it_should_be_does_no_harm(owner, said):
    book = bring(owner, {"a.json": said, "b.md": "oak"})
    assert owner.notes.filter(title_hash=notes(owner)["b"].title_hash).exists()
    assert sum(book.counts) >= 1
