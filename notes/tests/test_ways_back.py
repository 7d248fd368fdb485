"""A note's way back leads to where it was opened."""

import pytest
from django.urls import reverse

from notes import order, writing

LIST, ARCHIVE, TRASH = (reverse(f"notes:{place}") for place in ("list", "archive", "trash"))
SEARCH = reverse("search")


def back(client, note, came_from: str) -> str:
    page = client.get(note.get_absolute_url(), headers={"referer": came_from}).content.decode()
    return page.partition('<header class="bar">')[2].partition('href="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("", LIST),
        (f"http://testserver{LIST}", LIST),
        (f"http://testserver{LIST}?tag=1&after=2", f"{LIST}?tag=1&amp;after=2"),
        (f"http://testserver{LIST}?moved=1&sort=title&pick=1", f"{LIST}?sort=title"),
        (f"http://testserver{ARCHIVE}", ARCHIVE),
        (f"http://testserver{SEARCH}?q=%22a+b%22", f"{SEARCH}?q=%22a+b%22"),
        (f"http://testserver{SEARCH}?q=%22><i>", f"{SEARCH}?q=%22%3E%3Ci%3E"),
        (f"https://evil.example{LIST}?tag=1", LIST),
        ("javascript:alert(1)", LIST),
        ("http://[", LIST),
    ],
)
def test_back_leads_to_the_page_that_it_was_opened_from(client, owner, came_from, leads_to):
    assert back(client, writing.create(owner, "Oak", ""), came_from) == leads_to


@pytest.mark.parametrize(("to", "leads_to"), [("archive", ARCHIVE), ("trash", TRASH)])
def test_else_back_leads_to_the_list_that_it_is_in(client, owner, to, leads_to):
    note = writing.create(owner, "Oak", "")
    order.move(owner, [note.pk], to)
    assert back(client, note, f"http://testserver{note.get_absolute_url()}") == leads_to
