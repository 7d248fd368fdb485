"""Lists with colours: made, renamed, ordered, deleted, and reminders that are put into them."""

import re
import uuid

import pytest
from django.urls import reverse

from reminders import own_lists
from reminders.models import List, Reminder
from reminders.tests.test_list import LIST, UNDATED, main, make
from reminders.tests.test_quick import add, chips, read

LISTS, NEW_LIST, INTO = (
    reverse(f"reminders:{name}") for name in ("lists", "list_new", "into_list")
)


def page_of(name: str, which: List) -> str:
    return reverse(f"reminders:{name}", args=[which.pk])


def titles(response) -> list[str]:
    return re.findall(r'<a href="[^"]+" dir="auto">(.*?)</a>', main(response))


def names(owner) -> list[str]:
    return [one.name for one in own_lists.all_of(owner)]


@pytest.fixture
def kitchen(owner) -> List:
    return own_lists.create(owner, "Kitchen", "sky")


@pytest.fixture
def move_house(owner, kitchen) -> List:
    return own_lists.create(owner, "Kitchen table", "rose")


def test_a_new_list_is_opened_with_its_name_and_colour(client, owner):
    answer = client.post(NEW_LIST, {"name": " The  move ", "colour": "plum"}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}?list={List.objects.get().pk}", 302)]
    assert '<span class="of-list" data-colour="plum"><bdi>The move</bdi></span>' in main(answer)
    assert "Nothing of this list here" in main(answer)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": " ", "colour": "jade"}, "A list needs a name."),
        ({"name": "KITCHEN", "colour": "jade"}, "You have a list of this name already."),
        ({"name": "x", "colour": "pink"}, "not one of the available choices"),
    ],
)
def test_what_is_no_list_is_said_at_its_field(client, kitchen, sent, said):
    answer = client.post(NEW_LIST, sent)
    assert answer.status_code == 422
    assert said in main(answer)


def test_a_list_gets_another_name_and_colour(client, owner, kitchen, move_house):
    edit = page_of("list_edit", kitchen)
    assert 'value="Kitchen"' in main(client.get(edit))
    assert client.post(edit, {"name": "kitchen", "colour": "moss"}).status_code == 302
    assert own_lists.all_of(owner)[0] == own_lists.Named(kitchen.pk, "kitchen", "moss")
    assert client.post(edit, {"name": "Kitchen Table", "colour": "moss"}).status_code == 422
    assert names(owner) == ["kitchen", "Kitchen table"]


def test_lists_stand_in_the_order_that_the_person_gives_them(client, owner, kitchen, move_house):
    assert client.post(page_of("list_move", move_house), {"up": ""}).status_code == 302
    assert names(owner) == ["Kitchen table", "Kitchen"]
    client.post(page_of("list_move", move_house), {"up": ""})
    client.post(page_of("list_move", move_house), {"down": ""})
    assert names(owner) == ["Kitchen", "Kitchen table"]
    assert client.get(page_of("list_move", kitchen)).status_code == 405


def test_a_deleted_list_leaves_its_reminders(client, owner, kitchen):
    reminder = make(owner, "Descale the kettle", list_id=kitchen.pk)
    gone = page_of("list_delete", kitchen)
    assert "Its reminders stay, without a list." in main(client.get(gone))
    assert client.post(gone, follow=True).status_code == 200
    reminder.refresh_from_db()
    assert reminder.list_id is None
    assert not List.objects.exists()


def test_there_are_not_endlessly_many(client, owner, kitchen, monkeypatch):
    monkeypatch.setattr(own_lists, "MAX_LISTS", 1)
    answer = client.post(NEW_LIST, {"name": "Another", "colour": "jade"})
    assert answer.status_code == 422
    assert "There are 1 lists already." in main(answer)


def test_a_list_shows_its_own_and_how_many_are_open(client, owner, kitchen, move_house):
    make(owner, "Descale the kettle", list_id=kitchen.pk)
    make(owner, "Some day", None, list_id=kitchen.pk)
    make(owner, "Call mum")
    page = client.get(LIST)
    assert re.search(r"<bdi>Kitchen</bdi></span>\s*<small>2<span", main(page))
    assert re.search(r'data-colour="sky"><bdi>Kitchen</bdi></span>\s*</small>', main(page))
    here = {"list": kitchen.pk}
    assert titles(client.get(LIST, here)) == ["Descale the kettle"]
    assert titles(client.get(UNDATED, here)) == ["Some day"]
    assert titles(client.get(LIST, {"list": move_house.pk})) == []
    assert client.get(LIST, {"list": uuid.uuid4()}).status_code == 404


def test_what_is_done_in_a_list_leads_back_to_it(client, owner, kitchen):
    reminder = make(owner, "Descale the kettle", list_id=kitchen.pk)
    there = f"{reverse('reminders:complete')}?list={kitchen.pk}"
    answer = client.post(there, {"back_to": "list", "reminder": f"{reminder.pk}:1"})
    assert answer.url == f"{LIST}?list={kitchen.pk}&just=1"
    assert titles(client.get(answer.url)) == ["Descale the kettle"]


def test_a_strangers_list_is_none(strangers_client, stranger, owner, kitchen):
    assert strangers_client.get(LIST, {"list": kitchen.pk}).status_code == 404
    theirs = make(stranger, "Mine")
    sent = {"back_to": "list", "reminder": f"{theirs.pk}:1", "into": kitchen.pk}
    strangers_client.post(INTO, sent)
    theirs.refresh_from_db()
    assert theirs.list_id is None


def test_several_are_put_into_a_list_and_out_of_it(client, owner, kitchen):
    several = [make(owner, f"Number {number}") for number in range(2)]
    sent = {"back_to": "list", "reminder": [f"{one.pk}:1" for one in several]}
    page = main(client.get(LIST, {"pick": 1}))
    assert f'<option value="{kitchen.pk}">Kitchen</option>' in page
    assert client.post(INTO, sent | {"into": kitchen.pk}).url == LIST
    assert own_lists.counts(owner) == {kitchen.pk: 2}
    client.post(INTO, sent | {"into": ""})
    assert own_lists.counts(owner) == {}
    assert client.post(INTO, {"back_to": "list", "into": kitchen.pk}).status_code == 422


def test_the_whole_form_offers_the_lists(client, owner, kitchen):
    new = reverse("reminders:new")
    assert f'<option value="{kitchen.pk}" selected>' in main(client.get(new, {"list": kitchen.pk}))
    client.post(new, {"title": "Descale the kettle", "list_id": kitchen.pk})
    reminder = Reminder.objects.get()
    assert reminder.list_id == kitchen.pk
    edit = reverse("reminders:edit", args=[reminder.pk])
    assert client.post(edit, {"title": "Kettle", "version": 1, "list_id": ""}).status_code == 302
    reminder.refresh_from_db()
    assert reminder.list_id is None
    answer = client.post(edit, {"title": "Kettle", "version": 2, "list_id": uuid.uuid4()})
    assert answer.status_code == 422


def test_a_list_that_is_deleted_meanwhile_keeps_nothing_from_being_saved(owner, kitchen):
    own_lists.delete(owner, kitchen.pk)
    assert make(owner, "Descale the kettle", list_id=kitchen.pk).list_id is None


@pytest.mark.parametrize(
    ("text", "title", "name"),
    [
        ("descale the kettle +kitchen tomorrow at 9", "descale the kettle", "Kitchen"),
        ("+Kitchen table: paint it", "paint it", "Kitchen table"),
        ("paint the legs +kitchen table", "paint the legs", "Kitchen table"),
        ("eggs and ham +Kitchen.", "eggs and ham.", "Kitchen"),
        ("learn C++ in the kitchen", "learn C++ in the kitchen", ""),
        ("bring +1 to the party", "bring +1 to the party", ""),
        ("call +49 30 1234", "call +49 30 1234", ""),
        ("+Kitchens of the world", "+Kitchens of the world", ""),
        ("+Garden hose", "+Garden hose", ""),
        ('note "+Kitchen" down', "note +Kitchen down", ""),
    ],
)
def test_a_plus_sign_and_its_name_put_a_line_into_a_list(
    client, owner, kitchen, move_house, text, title, name
):
    read_as = read(client, text)
    assert (name in chips(read_as)) == bool(name)
    add(client, text)
    reminder = Reminder.objects.get()
    assert reminder.title == title
    assert (
        reminder.list_id and own_lists.within(own_lists.all_of(owner), reminder.list_id).name
    ) == (name or None)


def test_the_chip_of_a_list_is_taken_off_like_others(client, owner, kitchen):
    answer = read(client, "eggs +Kitchen", take_off="+Kitchen")
    assert chips(answer) == []
    add(client, "eggs +Kitchen", without="+Kitchen")
    assert (Reminder.objects.get().title, Reminder.objects.get().list_id) == ("eggs +Kitchen", None)


def test_what_is_added_in_a_list_or_a_tag_stays_there(client, owner, kitchen, move_house):
    tag = make(owner, "Older", names=["food"]).tags.get()
    query = f"?list={kitchen.pk}&tag={tag.pk}"
    line = {"text": "eggs tomorrow", "page": uuid.uuid4()}
    answer = client.post(reverse("reminders:add") + query, line)
    assert answer.url == f"{LIST}{query}&just=1"
    page = client.get(answer.url)
    assert titles(page) == ["eggs"]
    assert "#food" in main(page)
    other = {"text": "glue tomorrow +kitchen table", "page": uuid.uuid4()}
    client.post(f"{reverse('reminders:add')}?list={kitchen.pk}", other)
    glue = next(one for one in Reminder.objects.all() if one.title == "glue")
    assert glue.list_id == move_house.pk
    more = client.post(f"{reverse('reminders:new')}{query}", {"text": "milk", "more": 1})
    assert f'<option value="{kitchen.pk}" selected>' in main(more)
    assert 'value="food"' in main(more)
