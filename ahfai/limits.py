"""Limits counted in the database, so that all processes and machines count together."""

import datetime
import hashlib
import hmac
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from ahfai.models import RateCount

_counted: ContextVar[list[tuple] | None] = ContextVar("counted", default=None)


def count(
    what: str, who: str, window: datetime.timedelta, at: datetime.datetime | None = None
) -> int:
    """Count one more try of `what` by `who` and return the tries in the window of `at`, or in the
    present one.

    One upsert: a read followed by a write would lose tries that come together.
    """
    at = at or timezone.now()
    if (counted := _counted.get()) is not None:
        counted.append((what, who, window, at))
    seconds = int(window.total_seconds())
    now = int(at.timestamp())
    start = datetime.datetime.fromtimestamp(now - now % seconds, tz=datetime.UTC)
    table = connection.ops.quote_name(RateCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            # The name comes from the model; what people send goes in as parameters.
            f'INSERT INTO {table} ("key", "window", "count") VALUES (%s, %s, 1) '  # noqa: S608
            f'ON CONFLICT ("key", "window") DO UPDATE SET "count" = {table}."count" + 1 '
            'RETURNING "count"',
            [_key(what, who), connection.ops.adapt_datetimefield_value(start)],
        )
        return cursor.fetchone()[0]


@contextmanager
def counted_anyway() -> Iterator[None]:
    """Around a transaction: what is counted in it counts also where an error undoes it, since a
    limiter that forgets what was refused limits nothing."""
    counted: list[tuple] = []
    before = _counted.set(counted)
    try:
        yield
    except BaseException:
        _counted.reset(before)
        with suppress(DatabaseError):
            for what, who, window, at in counted:
                count(what, who, window, at)
        raise
    else:
        _counted.reset(before)


def seconds_left(window: datetime.timedelta) -> int:
    """Until a new window begins to count."""
    seconds = window.total_seconds()
    return math.ceil(seconds - timezone.now().timestamp() % seconds)


def was_counted(what: str, who: str) -> bool:
    """Whether there was a try in a window that is remembered: one that began in the last two
    days."""
    return RateCount.objects.filter(key=_key(what, who)).exists()


def take(what: str, who: str) -> int:
    """The tries in all windows that are remembered; none of them counts any more."""
    rows = RateCount.objects.filter(key=_key(what, who))
    tries = sum(rows.values_list("count", flat=True))
    if tries:
        rows.delete()
    return tries


def _key(what: str, who: str) -> str:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"{what}\0{who}".encode(), hashlib.sha256).hexdigest()


def forget_old(older_than: datetime.timedelta = datetime.timedelta(days=2)) -> None:
    RateCount.objects.filter(window__lt=timezone.now() - older_than).delete()
