"""The hours in which a person wants nothing sent, by the clock on their wall."""

import datetime

from reminders import recurrence
from reminders.models import Telling

_DAY = datetime.timedelta(days=1)


def ends_at(
    telling: Telling | None, moment: datetime.datetime, zone: datetime.tzinfo
) -> datetime.datetime:
    """When something may be sent that is to be sent at this moment: then, or when it is no longer
    quiet. Where the clock shows the end twice, it is the first one that counts."""
    if telling is None or telling.quiet_from is None or telling.quiet_until is None:
        return moment
    wall = moment.astimezone(zone)
    begin, end = telling.quiet_from, telling.quiet_until
    now, day = wall.time(), wall.date()
    if begin < end:
        is_quiet = begin <= now < end
    else:
        is_quiet = now >= begin or now < end
        day += _DAY * (now >= begin)
    if not is_quiet:
        return moment
    return max(recurrence.occurrence(datetime.datetime.combine(day, end), zone).at, moment)
