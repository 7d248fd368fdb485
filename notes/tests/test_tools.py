"""What a model may do with notes: look, and propose what the person then decides."""

import uuid

import pytest

from ahfai import search
from ahfai.proposals import Stale
from ahfai.tools import Tool, Unfit, short
from notes import tools, writing
from notes.proposals import KINDS

pytestmark = pytest.mark.django_db
PAGE = uuid.UUID(int=1)
KITCHEN = "# Plans\n\n- oak top\n- green tiles"


@pytest.fixture
def kitchen(owner):
    return writing.create(owner, "Kitchen", KITCHEN)


def call(owner, tool, **arguments):
    return Tool.of(tool).call(owner, arguments)


def fault(owner, tool, **arguments) -> str:
    with pytest.raises(Unfit) as refused:
        call(owner, tool, **arguments)
    return refused.value.sentence


def shown(owner, asked):
    return KINDS[asked.kind].show(owner, asked.payload, PAGE)


def act(owner, asked):
    outcome = KINDS[asked.kind].act(owner, asked.payload, shown(owner, asked).version, PAGE)
    return outcome, KINDS[asked.kind].tell(owner, asked.payload, outcome)


def differences(owner, asked) -> list[tuple[str, str]]:
    return [
        (line.mark, line.text) for line in shown(owner, asked).lines if line.mark in ("gone", "new")
    ]


@pytest.mark.django_db(transaction=True)
def test_notes_are_found_by_words_with_what_leads_to_them(owner, stranger, kitchen):
    search.forget()
    writing.create(stranger, "Their kitchen", "green tiles")
    found = call(owner, tools.search_notes, query="green tiles")
    assert found.text == f"[{short(kitchen.pk)}] Kitchen: {KITCHEN}"
    assert (found.sentence, found.about, found.number, found.is_foreign) == (
        "searched notes for green tiles, 1 found",
        "green tiles",
        1,
        True,
    )
    assert found.links[0].address.startswith(kitchen.get_absolute_url())
    # Nothing has all of the words, so one that has some is better than none.
    assert call(owner, tools.search_notes, query="colour of the tiles").number == 1
    assert call(owner, tools.search_notes, query="bathroom").text.startswith("No note was found.")


def test_a_note_is_read_by_its_id_or_title(owner, kitchen):
    for said in (short(kitchen.pk), f"[{short(kitchen.pk)}]", str(kitchen.pk), "kitchen"):
        assert call(owner, tools.read_note, note=said).text == (
            f"[{short(kitchen.pk)}] Kitchen\n\n{KITCHEN}"
        )
    long = writing.create(owner, "Long", "a" * 50_000)
    read = call(owner, tools.read_note, note=short(long.pk)).text
    assert len(read) < 13_000
    assert read.endswith("(The note goes on: this is the first 12000 of 50000 letters.)")


def test_a_note_is_found_by_words_that_are_nearly_its_title(owner, kitchen):
    for said in ("['Kitchen']", "my kitchen note", "kitchens"):
        assert call(owner, tools.read_note, note=said).number == 1
    assert "no such note" in fault(owner, tools.read_note, note="bathroom")
    writing.create(owner, "Kitchen of the hut", "x")
    assert KITCHEN in call(owner, tools.read_note, note="Kitchen").text
    assert "no such note" in fault(owner, tools.read_note, note="kitchens")


def test_a_strangers_note_and_a_missing_one_are_the_same(owner, stranger):
    theirs = writing.create(stranger, "Secret", "words")
    missing = fault(owner, tools.read_note, note="0" * 8)
    for said in (short(theirs.pk), str(theirs.pk), "Secret"):
        assert fault(owner, tools.read_note, note=said) == missing
        assert fault(owner, tools.append_to_note, note=said, text="x") == missing
        assert fault(owner, tools.change_note, note=said, replace="words", by="x") == missing
    for kind in ("note_append", "note_change"):
        payload = {"id": str(theirs.pk), "text": "x", "replace": "words", "by": "x"}
        with pytest.raises(Stale):
            KINDS[kind].show(owner, payload, PAGE)
        with pytest.raises(Stale):
            KINDS[kind].act(owner, payload, 1, PAGE)


def test_a_proposed_note_is_made_and_taken_back(owner):
    asked = call(owner, tools.create_note, title="Trip", text="Rain trousers")
    assert (shown(owner, asked).title, shown(owner, asked).text) == ("Trip", "Rain trousers")
    assert not owner.notes.exists()
    outcome, told = act(owner, asked)
    note = owner.notes.get()
    assert (note.title, note.body) == ("Trip", "Rain trousers")
    assert (told.sentence, told.address) == ("Saved as a note.", note.get_absolute_url())
    KINDS[asked.kind].undo(owner, asked.payload, outcome)
    assert owner.notes.in_trash().get() == note
    assert fault(owner, tools.create_note, title="", text=" ") == "Write something first."


def test_what_is_added_goes_on_with_a_list(owner, kitchen):
    asked = call(owner, tools.append_to_note, note="Kitchen", text="- brass taps")
    assert differences(owner, asked) == [("new", "- brass taps")]
    outcome, told = act(owner, asked)
    assert owner.notes.get().body == f"{KITCHEN}\n- brass taps"
    assert told.may_be_undone
    KINDS[asked.kind].undo(owner, asked.payload, outcome)
    assert owner.notes.get().body == KITCHEN
    text = call(owner, tools.append_to_note, note="Kitchen", text="Ask Jo.")
    act(owner, text)
    assert owner.notes.get().body == f"{KITCHEN}\n\nAsk Jo."


def test_a_note_that_changed_meanwhile_shows_another_diff_and_waits(owner, kitchen):
    asked = call(owner, tools.change_note, note="Kitchen", replace="green tiles", by="blue tiles")
    before = shown(owner, asked)
    assert differences(owner, asked) == [("gone", "- green tiles"), ("new", "- blue tiles")]
    writing.save(kitchen, "Kitchen", f"{KITCHEN} from Delft", 1)
    with pytest.raises(Stale):
        KINDS[asked.kind].act(owner, asked.payload, before.version, PAGE)
    assert differences(owner, asked) == [
        ("gone", "- green tiles from Delft"),
        ("new", "- blue tiles from Delft"),
    ]
    act(owner, asked)
    assert owner.notes.get().body.endswith("- blue tiles from Delft")


def test_words_that_are_gone_can_no_longer_be_replaced(owner, kitchen):
    asked = call(owner, tools.change_note, note="Kitchen", replace="green tiles", by="blue tiles")
    writing.save(kitchen, "Kitchen", "Nothing left", 1)
    with pytest.raises(Stale):
        shown(owner, asked)
    for replace in ("red tiles", "", "t"):
        assert "'replace'" in fault(
            owner, tools.change_note, note="Kitchen", replace=replace, by="x"
        )


def test_what_was_written_since_is_not_taken_back(owner, kitchen):
    asked = call(owner, tools.append_to_note, note="Kitchen", text="- brass taps")
    outcome, _told = act(owner, asked)
    writing.save(owner.notes.get(), "Kitchen", "Something else", 2)
    assert not KINDS[asked.kind].tell(owner, asked.payload, outcome).may_be_undone
    with pytest.raises(Stale):
        KINDS[asked.kind].undo(owner, asked.payload, outcome)
    assert owner.notes.get().body == "Something else"


def test_the_editor_opens_with_what_the_note_would_say(owner, client, kitchen):
    asked = call(owner, tools.append_to_note, note="Kitchen", text="- brass taps")
    form = shown(owner, asked).form
    page = client.post(form.address, form.fields)
    assert page.context["form"]["body"].value().endswith("- brass taps")
    assert owner.notes.get().body == KITCHEN
