"""What the search gets to know of reminders."""

import time

import pytest
from django.urls import reverse

from accounts import tags
from accounts.models import User
from ahfai import search
from ahfai.asked import Holders
from reminders import hooks, order, writing
from reminders.tests.test_list import main, make


def test_a_search_is_told_what_changed_since_it_looked(owner, stranger):
    cabin = make(owner, "Book the cabin", details="with *oak*")
    make(stranger, "Secret")
    [document] = hooks.documents(owner, None, [])
    assert document[:5] == ("reminder", cabin.pk.bytes, cabin.pk.bytes, cabin.title, "with *oak*")
    since = User.objects.get(pk=owner.pk).change_number
    assert not [*hooks.documents(owner, since, [])]
    wanted = {name: getattr(cabin, name) for name in ("details", "priority", *writing.TIMES)}
    writing.save(cabin, 1, {"title": "Book the tent", **wanted}, [])
    assert [one.title for one in hooks.documents(owner, since, [])] == ["Book the tent"]
    assert hooks.unfinished(owner) == set()


def test_only_the_persons_own_living_ones_are_shown(owner, stranger):
    mine, thrown, theirs = make(owner, "Mine"), make(owner, "Old"), make(stranger, "Secret")
    order.trash(owner, [thrown.pk])
    keys = [mine.pk, thrown.pk, theirs.pk]
    shown = hooks.show(owner, keys)
    assert shown.keys() == {mine.pk}
    assert (shown[mine.pk].title, shown[mine.pk].address) == ("Mine", mine.get_absolute_url())
    [gone] = hooks.show(owner, keys, trashed=True).values()
    assert (gone.title, gone.address) == ("Old", reverse("reminders:trash"))


def test_conditions_say_which_are_meant(owner):
    roses = make(owner, "Roses", names=["garden"])
    make(owner, "Rent")
    [garden] = [tag.id for tag in tags.all_of(owner)]
    assert [one.pk for one in hooks.holding(owner, Holders([[garden]]))] == [roses.pk]
    assert hooks.holding(owner, Holders(no_tags=[garden])).get().title == "Rent"
    assert not hooks.holding(owner, Holders(archived=True))
    assert [one.title for one in hooks.newest(owner, Holders(), 1)] == ["Rent"]


@pytest.mark.django_db(transaction=True)
def test_a_word_of_a_reminder_is_found_and_marked_where_it_stands(client, owner):
    search.forget()
    reminder = make(owner, "Book the cabin", details="With *oak* beams")
    end = time.monotonic() + 20
    address = reverse("search")
    while "<mark>" not in (page := main(client.get(address, {"q": "oak in:reminders"}))):
        assert time.monotonic() < end, page
        time.sleep(0.05)
    assert "reminder ·" in page
    assert "Book the cabin" in page
    opened = main(client.get(reminder.get_absolute_url(), {"q": "oak cabin"}))
    assert "Book the <mark>cabin</mark>" in opened
    assert "<em><mark>oak</mark></em>" in opened
    assert "Book the cabin" not in main(client.get(address, {"q": "oak in:notes"}))
    search.forget()
