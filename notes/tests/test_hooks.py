"""What the search gets to know of notes."""

from django.utils import timezone

from accounts.models import User
from notes import hooks, writing
from notes.models import Note


def test_a_search_is_told_what_changed_since_it_looked(owner, stranger):
    kitchen = writing.create(owner, "Kitchen", "oak")
    writing.create(stranger, "Secret", "pine")
    assert [tuple(one) for one in hooks.documents(owner, None, [])] == [
        ("note", kitchen.pk, kitchen.pk, "Kitchen", "oak")
    ]
    since = User.objects.get(pk=owner.pk).change_number
    assert not [*hooks.documents(owner, since, [])]
    writing.save(kitchen, "Kitchen", "elm", 1)
    assert [one.body for one in hooks.documents(owner, since, [])] == ["elm"]
    assert hooks.unfinished(owner) == set()


def test_only_the_persons_own_living_notes_are_shown(owner, stranger):
    mine, thrown, theirs = (
        writing.create(owner, "Kitchen", "oak"),
        writing.create(owner, "Old", "elm"),
        writing.create(stranger, "Secret", "pine"),
    )
    Note.objects.filter(pk=thrown.pk).update(trashed=timezone.now())
    shown = hooks.show(owner, [mine.pk, thrown.pk, theirs.pk])
    assert shown.keys() == {mine.pk}
    found = shown[mine.pk]
    assert (found.title, found.text, found.address) == ("Kitchen", "oak", mine.get_absolute_url())
