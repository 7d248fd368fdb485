"""Leaving for good: a person asks for it, may think better of it for a day, and gets a receipt.

The worker does it: see `ahfai.leaving`.
"""

import datetime
import uuid

from django.apps import apps
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import FilePart, Leaving, LookupKey, Receipt, User, UserKey
from accounts.ownership import is_owner
from accounts.parting.erasure import OwnsInstallation

GRACE = datetime.timedelta(hours=24)
RECEIPT_KEPT_FOR = datetime.timedelta(days=1)
_OF_EVERYBODY = (User, UserKey, LookupKey, FilePart, Leaving)
_signer = signing.Signer(salt="accounts.leaving")


def ask(user: User, request: HttpRequest | None = None, *, at_once: bool = False) -> Leaving:
    """Have the account erased after GRACE, or now; other browsers are signed out by the caller.

    Raises OwnsInstallation.
    """
    if is_owner(user):
        raise OwnsInstallation
    now = timezone.now()
    with transaction.atomic():
        leaving, is_new = Leaving.objects.get_or_create(owner=user, defaults={"due": now + GRACE})
        if is_new:
            audit.record(user, audit.Event.ERASURE_ASKED, request)
        if at_once:
            Leaving.objects.filter(pk=leaving.pk).update(due=now)
            leaving.due = now
    return leaving


def take_back(user: User, request: HttpRequest | None = None) -> bool:
    """Stay. False where the erasure has begun, or nobody asked for it."""
    with transaction.atomic():
        stays = bool(Leaving.objects.filter(owner=user, begun=None).delete()[0])
        if stays:
            audit.record(user, audit.Event.ERASURE_TAKEN_BACK, request)
    return stays


def of(user: User) -> Leaving | None:
    return Leaving.objects.filter(owner=user).first()


def begin(leaving: Leaving) -> None:
    """From now on nobody gets into the account."""
    with transaction.atomic():
        begun = Leaving.objects.filter(pk=leaving.pk, begun=None).update(begun=timezone.now())
        if begun:
            User.objects.filter(pk=leaving.owner_id).update(is_active=False)
            leaving.owner.sessions.all().delete()


def receipt_address(leaving: Leaving) -> str:
    """Nobody else can find it: it needs no account, since there will be none."""
    return reverse("accounts:receipt", args=[_signer.sign(str(leaving.pk))])


def by_token(token: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(_signer.unsign(token))
    except (signing.BadSignature, ValueError):
        return None


def kinds(receipt: Receipt) -> list[tuple[str, int]]:
    """What was deleted, in the words of the apps, the most first; what only joins others is left
    out, and what everybody has."""
    found = []
    for label, count in receipt.counts.items():
        model = apps.get_model(label)
        if model not in _OF_EVERYBODY and model._meta.pk.get_internal_type() == "UUIDField":
            found.append((str(model._meta.verbose_name_plural), count))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def forget_receipts() -> None:
    old = timezone.now() - RECEIPT_KEPT_FOR
    Receipt.objects.filter(made__lt=old).exclude(swept=None).delete()
