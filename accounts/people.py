"""What the owner and the administrators of an installation may do about its people.

None of it opens a word of theirs. Each act is in the audit log of the one it is about.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Invitation, Ownership, SealedFile, Session, User
from accounts.parting import leaving
from ahfai import sizes

MB = 1_000_000


class NotAllowed(Exception):
    """The one who acts may not do this to that person."""


def listed() -> QuerySet[User]:
    """All, by their names, with when each was here last and how much room their files take."""
    taken = SealedFile.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
    seen = Session.objects.filter(user=OuterRef("pk")).order_by().values("user")
    return User.objects.annotate(
        last_seen=Subquery(seen.annotate(last=Max("seen")).values("last")),
        files_size=Coalesce(Subquery(taken.annotate(all=Sum("size")).values("all")), 0),
        owns=Exists(Ownership.objects.filter(user=OuterRef("pk"))),
    ).order_by("name", "email")


def role(person: User) -> str:
    """In the words of the page."""
    if Ownership.objects.filter(user=person).exists():
        return _("Owner")
    return _("Administrator") if person.is_staff else _("Member")


def may_act(actor: User, person: User) -> bool:
    """Nobody on themselves or the owner, and only the owner on administrators."""
    if person == actor or Ownership.objects.filter(user=person).exists():
        return False
    return Ownership.objects.filter(user=actor).exists() or (actor.is_staff and not person.is_staff)


def suspend(actor: User, person: User) -> None:
    """They can't sign in any more, and are signed out everywhere; nothing of theirs is lost."""
    _check(actor, person)
    with transaction.atomic():
        person.is_active = False
        person.save(update_fields=["is_active"])
        person.sessions.all().delete()
        _end_invitations(person)
        audit.record(person, audit.Event.SUSPENDED, by=actor)


def admit_again(actor: User, person: User) -> None:
    _check(actor, person)
    with transaction.atomic():
        person.is_active = True
        person.save(update_fields=["is_active"])
        audit.record(person, audit.Event.ADMITTED_AGAIN, by=actor)


def make_administrator(actor: User, person: User, is_one: bool) -> None:
    """Only by the owner."""
    _check(actor, person)
    if not Ownership.objects.filter(user=actor).exists():
        raise NotAllowed
    with transaction.atomic():
        person.is_staff = is_one
        person.save(update_fields=["is_staff"])
        if not is_one:
            _end_invitations(person)
        audit.record(person, audit.Event.ROLE_CHANGED, by=actor, role=role(person))


def set_quota(actor: User, person: User, quota_mb: int | None) -> None:
    """How much all files of a person's may be together, in megabytes; None for `QUOTA_MB`."""
    if person != actor:
        _check(actor, person)
    with transaction.atomic():
        person.quota_mb = quota_mb
        person.save(update_fields=["quota_mb"])
        said = sizes.words((quota_mb or settings.QUOTA_MB) * MB)
        audit.record(person, audit.Event.QUOTA_CHANGED, by=actor, quota=said)


def hand_over(actor: User, person: User) -> None:
    """Make somebody else the owner; the one before stays an administrator."""
    with transaction.atomic():
        ownership = Ownership.objects.select_for_update().filter(user=actor).first()
        if ownership is None or person == actor or not person.is_active:
            raise NotAllowed
        ownership.user, ownership.since = person, timezone.now()
        ownership.save(update_fields=["user", "since"])
        _give_rights(person)
        actor.is_superuser = False
        actor.save(update_fields=["is_superuser"])
        for one in (actor, person):
            audit.record(one, audit.Event.OWNERSHIP_HANDED_OVER, by=actor)


def make_owner(person: User) -> None:
    """Of an installation that nobody owns any more."""
    with transaction.atomic():
        if not person.is_active or not Ownership.claim(person):
            raise NotAllowed
        _give_rights(person)
        audit.record(person, audit.Event.OWNERSHIP_HANDED_OVER)


def _give_rights(person: User) -> None:
    # Somebody has to own the installation, so whoever does can't be on the way out.
    leaving.take_back(person)
    person.is_staff = person.is_superuser = True
    person.save(update_fields=["is_staff", "is_superuser"])


def _end_invitations(person: User) -> None:
    """What they may not make any more shall not work any more: it could let themselves in again."""
    Invitation.objects.open().filter(by=person).delete()


def _check(actor: User, person: User) -> None:
    if not may_act(actor, person):
        raise NotAllowed
