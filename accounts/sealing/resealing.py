"""Give people a new data key and seal all their words with it, while they go on working.

A value is replaced only where it is still the one that was read, so that a newer write always wins.
Both keys open meanwhile; the old one goes in a later run, when nothing can be sealed with it any
more. An interrupted run is finished by the next one.
"""

from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, IntegrityError, models, transaction
from django.utils import timezone

from accounts.fields import Sealed, SealedField, sealed_fields, sealed_models, sealed_rows
from accounts.models import User, UserKey
from accounts.sealing import keys
from accounts.sealing.keys import KeysStay
from ahfai import crypto
from ahfai.crypto import SealError


class Resealing:
    """One run; what it does is said to `say`, sentence by sentence."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say

    def run(self, email: str | None, finish: bool) -> None:
        """Of everyone, or of the one who signs in with `email`; with `finish` no new keys are made,
        only what an earlier run began is finished. Raises KeysStay with a sentence, and
        ImproperlyConfigured as `keys.master_keys` does."""
        keys.clear_cache()
        people = User.objects.using(DEFAULT_DB_ALIAS).order_by("pk")
        if email is not None:
            people = people.filter(email=email.lower())
            if not people:
                raise KeysStay(f"Nobody signs in with {email}.")
        # All at once: on SQLite a read left open would shut out the writes between its rows.
        failed = sum(self.reseal(person, finish) for person in list(people.only("pk")))
        if failed:
            raise KeysStay(f"{failed} can't be opened, so their old keys stay.")

    def reseal(self, person: User, finish: bool) -> int:
        """Bring one person's words to their newest key; returns how many can't be opened."""
        is_begun = _keys(person).count() > 1
        if not is_begun and finish:
            return 0
        if not is_begun:
            try:
                keys.next_user_key(person.pk)
            except IntegrityError:
                raise KeysStay(f"{person}: another run is at work. Wait for its end.") from None
            except SealError as error:
                self.say(f"{person}: {error}")
                return 1
        newest = _keys(person).latest("generation")
        done, left = self.reseal_rows(person, newest.generation)
        self.say(f"{person}: {done} sealed with key {newest.generation}, {left} not")
        if not left:
            self.drop_older(person, newest)
        return left

    def reseal_rows(self, person: User, generation: int) -> tuple[int, int]:
        done = failed = 0
        for model in sealed_models():
            for batch in sealed_rows(model, person.pk):
                changes = []
                for row in batch:
                    for field in sealed_fields(model):
                        old = field.held(row)
                        try:
                            if not isinstance(old, Sealed) or _is_of(old, generation):
                                continue
                            new = field.seal(row, field.open(row, old))
                        except SealError as error:
                            failed += 1
                            self.say(str(error))
                            continue
                        changes.append((row, field, old, new))
                with transaction.atomic(using=DEFAULT_DB_ALIAS):
                    done += sum(_replace(*change) for change in changes)
        return done, failed

    def drop_older(self, person: User, newest: UserKey) -> None:
        """Remove the older keys, once no process seals with them and no row needs them."""
        ready = newest.created + keys.KEPT_FOR
        if ready > timezone.now():
            self.say(
                f"{person}: the old key stays until {ready:%Y-%m-%d %H:%M} {ready:%Z}; then run "
                "manage.py keys reseal --finish"
            )
        elif _is_used(person, newest.generation):
            self.say(f"{person}: new words came meanwhile. Run this again.")
        else:
            _keys(person).filter(generation__lt=newest.generation).delete()
            keys.forget(person.pk)
            self.say(f"{person}: only key {newest.generation} is left")


def _keys(person: User) -> models.QuerySet[UserKey]:
    return UserKey.objects.using(DEFAULT_DB_ALIAS).filter(owner=person)


def _replace(row: models.Model, field: SealedField, old: Sealed, new: Sealed) -> int:
    rows = type(row)._base_manager.using(DEFAULT_DB_ALIAS)
    return rows.filter(pk=row.pk, **{field.attname: old}).update(**{field.attname: new})


def _is_used(person: User, generation: int) -> bool:
    """Whether any row needs a key older than `generation`."""
    return any(
        isinstance(held := field.held(row), Sealed) and not _is_of(held, generation)
        for model in sealed_models()
        for batch in sealed_rows(model, person.pk)
        for row in batch
        for field in sealed_fields(model)
    )


def _is_of(sealed: Sealed, generation: int) -> bool:
    return crypto.generation_of(sealed.value) == generation
