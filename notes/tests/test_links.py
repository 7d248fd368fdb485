"""Links between notes, back-links, and tasks that are ticked on the page."""

import contextlib
import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from ahfai import markdown
from ahfai.tests.at_once import at_once
from notes import writing
from notes.models import Note


def main(response) -> str:
    return re.search("<main.*</main>", response.content.decode(), re.DOTALL)[0]


def prose_of(client, note: Note) -> str:
    """Without the list beside it, which shows how notes begin."""
    page = page_of(client, note)
    return page[page.index('class="prose"') :]


def page_of(client, note: Note) -> str:
    return main(client.get(note.get_absolute_url()))


def tick(client, note: Note, line: object, version: int = 1):
    fields = {"line": line, "version": version}
    return client.post(reverse("notes:tick", args=[note.pk]), fields)


def test_a_title_in_brackets_leads_to_its_note_and_back(client, owner):
    sill = writing.create(owner, "Window  measurements", "80 cm")
    kitchen = writing.create(owner, "Kitchen", "See [[window measurements]].")
    page = page_of(client, kitchen)
    assert f'<a href="{sill.get_absolute_url()}">window measurements</a>' in page
    assert "Linked from" not in page
    page = page_of(client, sill)
    assert "Linked from" in page
    assert kitchen.get_absolute_url() in page.partition("Linked from")[2]


def test_a_link_to_no_note_leads_to_one_that_can_be_written(client, owner):
    note = writing.create(owner, "Kitchen", "See [[R&D <plans>]].")
    [address] = re.findall('class="missing" href="([^"]+)"', page_of(client, note))
    editor = main(client.get(address.replace("&amp;", "&")))
    assert 'value="R&amp;D &lt;plans&gt;"' in editor
    assert Note.objects.count() == 1
    made = writing.create(owner, "R&D <plans>", "")
    assert f'href="{made.get_absolute_url()}">R&amp;D' in page_of(client, note)


def test_a_link_to_a_heading_of_no_note_leads_to_a_note_of_that_title(client, owner):
    note = writing.create(owner, "Kitchen", "See [[Window sill#Left]] and [[C# notes]].")
    addresses = re.findall('class="missing" href="([^"]+)"', page_of(client, note))
    assert [one.partition("title=")[2] for one in addresses] == ["Window+sill", "C%23+notes"]


def test_a_link_leads_to_a_heading_of_a_note(client, owner):
    plan = writing.create(owner, "Plan", "## The *old* Küche\n\n# The old kitchen\n\n# !")
    body = "[[plan#The old kuche!]], [[Plan#Nothing]], [[#Here]], [[C# notes]]\n\n# Here\n\n# Here"
    note = writing.create(owner, "Kitchen", body)
    prose = prose_of(client, note)
    place = f"{plan.get_absolute_url()}#heading-the-old-kuche"
    assert f'<a href="{place}">plan › The old kuche!</a>' in prose
    assert f'<a href="{plan.get_absolute_url()}#heading-nothing">Plan › Nothing</a>' in prose
    assert '<a href="#heading-here">Here</a>' in prose
    assert prose.count('<h3 id="heading-here">Here</h3>') == 1
    assert 'title=C%23+notes"' in prose
    assert '<h4 id="heading-the-old-kuche">The <em>old</em> Küche</h4>' in prose_of(client, plan)
    assert note.get_absolute_url() in page_of(client, plan).partition("Linked from")[2]
    writing.save(plan, "Plans", plan.body, 1)
    assert body_of(note).startswith("[[Plans#The old kuche!]], [[Plans#Nothing]], [[#Here]]")


def test_a_title_with_the_sign_of_a_heading_is_a_title(client, owner):
    writing.create(owner, "C", "")
    sharp = writing.create(owner, "C#7", "# Chords")
    note = writing.create(owner, "Music", "[[C#7]], [[C#7#Chords]]")
    prose = prose_of(client, note)
    assert f'<a href="{sharp.get_absolute_url()}">C#7</a>' in prose
    assert f'<a href="{sharp.get_absolute_url()}#heading-chords">C#7 › Chords</a>' in prose


def test_links_lead_neither_into_the_trash_nor_to_a_strangers_note(client, owner, stranger):
    writing.create(stranger, "Sill", "theirs")
    thrown = writing.create(owner, "Sill", "[[Kitchen]]")
    note = writing.create(owner, "Kitchen", "[[Sill]]")
    Note.objects.filter(pk=thrown.pk).update(trashed=timezone.now())
    page = page_of(client, note)
    assert 'class="missing"' in page
    assert "Linked from" not in page


def test_of_several_notes_of_one_title_the_oldest_is_meant(client, owner):
    first, _second = (writing.create(owner, "Twin", body) for body in ("one", "two"))
    note = writing.create(owner, "Other", "[[twin]]")
    assert f'<a href="{first.get_absolute_url()}">twin</a>' in page_of(client, note)


@pytest.mark.parametrize("body", ["`[[Sill]]`", "    [[Sill]]", "[[Si\nll]]"])
def test_what_is_code_or_on_two_lines_is_no_link(client, owner, body):
    writing.create(owner, "Sill", "")
    note = writing.create(owner, "Kitchen", body)
    assert "[[" in prose_of(client, note)


def test_a_title_inside_a_link_is_the_link(client, owner):
    sill = writing.create(owner, "Sill", "")
    note = writing.create(owner, "Kitchen", "[see [[Sill]] there](https://a.example)")
    prose = prose_of(client, note)
    assert f'[see <a href="{sill.get_absolute_url()}">Sill</a> there]' in prose


def test_in_a_chat_brackets_stay_brackets():
    assert markdown.render("[[Sill]] and\n- [ ] it") == (
        '<p>[[Sill]] and</p>\n<ul>\n<li class="task">'
        '<span class="task-open" role="img" aria-label="To do"></span>it</li>\n</ul>\n'
    )


TASKS = "Today:\n\n- [ ] mason\n  - [x] stone\n> 1. [ ] call\n- no task"


@pytest.mark.parametrize(
    ("line", "was", "now"),
    [
        (2, "- [ ] mason", "- [x] mason"),
        (3, "- [x] stone", "- [ ] stone"),
        (4, "[ ] call", "[x] call"),
    ],
)
def test_a_task_is_ticked_on_the_page(client, owner, line, was, now):
    note = writing.create(owner, "Kitchen", TASKS)
    assert f'name="line" value="{line}"' in page_of(client, note)
    assert tick(client, note, line).url == f"{note.get_absolute_url()}#task-{line}"
    note.refresh_from_db()
    assert note.body == TASKS.replace(was, now)
    assert note.version == 2


def test_a_tick_on_an_older_version_ticks_nothing_and_says_so(client, owner):
    note = writing.create(owner, "Kitchen", TASKS)
    writing.save(note, "Kitchen", "- [ ] other\n" + TASKS, 1)
    answer = tick(client, note, 3)
    assert "nothing was ticked" in str(*get_messages(answer.wsgi_request))
    note.refresh_from_db()
    assert note.version == 2


def test_the_script_hears_which_version_its_tick_has_made(client, owner):
    note = writing.create(owner, "Kitchen", TASKS)
    sent, script = {"line": 2, "version": 1}, {"Accept": "application/json"}
    address = reverse("notes:tick", args=[note.pk])
    assert client.post(address, sent, headers=script).json() == {"version": 2}
    late = client.post(address, sent, headers=script)
    assert late.status_code == 409
    assert "nothing was ticked" in str(*get_messages(late.wsgi_request))


@pytest.mark.parametrize("line", [0, 5, 99, "x", ""])
def test_a_line_without_a_task_stays_as_it_is(client, owner, line):
    note = writing.create(owner, "Kitchen", TASKS)
    assert tick(client, note, line).url == note.get_absolute_url()
    note.refresh_from_db()
    assert note.body == TASKS


def body_of(note: Note) -> str:
    return Note.objects.get(pk=note.pk).body


def test_a_renamed_note_takes_the_links_to_it_along(client, owner, stranger):
    sill = writing.create(owner, "Sill", "80 cm")
    kitchen = writing.create(owner, "Kitchen", "See [[sill]], [[Sill]] and [[Sill 2]].")
    theirs = writing.create(stranger, "Other", "[[Sill]]")
    writing.save(sill, "Window sill", "80 cm", 1)
    assert body_of(kitchen) == "See [[Window sill]], [[Window sill]] and [[Sill 2]]."
    assert body_of(theirs) == "[[Sill]]"
    kitchen.refresh_from_db()
    assert kitchen.version == 2
    assert kitchen.change_number > 0
    assert sill.get_absolute_url() in page_of(client, kitchen)
    revision = sill.revisions.get()
    writing.restore(revision)
    assert body_of(kitchen) == "See [[Sill]], [[Sill]] and [[Sill 2]]."


def test_whoever_edits_a_mended_note_meanwhile_saves_it_with_its_new_links(client, owner):
    sill = writing.create(owner, "Sill", "")
    kitchen = writing.create(owner, "Kitchen", "See [[Sill]].\n\nOak.")
    writing.save(sill, "Window sill", "", 1)
    base = {"base_title": "Kitchen", "base": "See [[Sill]].\n\nOak.", "version": 1}
    sent = {"title": "Kitchen", "body": "See [[Sill]].\n\nElm.", **base}
    answer = client.post(reverse("notes:edit", args=[kitchen.pk]), sent)
    assert answer.url == kitchen.get_absolute_url()
    assert body_of(kitchen) == "See [[Window sill]].\n\nElm."


@pytest.mark.parametrize("title", ["", "With ] bracket", "SILL"])
def test_links_stay_where_the_new_title_cannot_be_linked_or_is_the_same(owner, title):
    sill = writing.create(owner, "Sill", "")
    kitchen = writing.create(owner, "Kitchen", "[[Sill]]")
    writing.save(sill, title, "", 1)
    assert body_of(kitchen) == "[[Sill]]"


def test_links_that_mean_an_older_note_of_the_same_title_stay(owner):
    writing.create(owner, "Sill", "older")
    twin = writing.create(owner, "Sill", "younger")
    kitchen = writing.create(owner, "Kitchen", "[[Sill]]")
    writing.save(twin, "Twin", "younger", 1)
    assert body_of(kitchen) == "[[Sill]]"


@pytest.mark.django_db(transaction=True)
def test_two_notes_that_link_to_each_other_are_renamed_at_once(owner):
    notes = [writing.create(owner, f"Note {n}", f"[[Note {1 - n}]]") for n in (0, 1)]

    def rename(number: int) -> None:
        for turn in range(10):
            note = Note.objects.get(pk=notes[number].pk)
            with contextlib.suppress(writing.Outdated):
                writing.save(note, f"Name {number} {turn}", note.body, note.version)

    at_once(rename, 2)
    one, two = (Note.objects.get(pk=note.pk) for note in notes)
    assert one.body == f"[[{two.title}]]"
    assert two.body == f"[[{one.title}]]"
