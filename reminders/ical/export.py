"""A person's reminders as a calendar for other programs (RFC 5545).

What has a time of its own is said in UTC; what repeats, on its wall clock and with its zone, so
that 9 o'clock stays 9 o'clock; what is meant for a whole day, as a date. A series that counts from
when it is done has no rule in a calendar: its next time stands there alone.
"""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Component, Event, Todo, vDuration, vRecur

from accounts.tags import Named
from ahfai.templatetags.house import opened
from reminders import recurrence
from reminders.ical import zones
from reminders.models import ALL_DAY_AT, Feed, Priority, Reminder, RepeatFrom

# How often other programs are asked to look.
REFRESH = datetime.timedelta(hours=1)
# A reminder is a moment; this is so that it can be seen.
LONG = datetime.timedelta(minutes=15)
# RFC 5545 counts from 1, the highest, to 9.
PRIORITIES = {Priority.HIGH: 1, Priority.MIDDLE: 5, Priority.LOW: 9}


@dataclass(frozen=True)
class Look:
    """How reminders stand in a calendar. With an alarm, so many minutes before each of them."""

    name: str = "AhFai"
    shape: str = Feed.Shape.EVENTS
    shows_titles: bool = True
    alarm: int | None = None
    tags: Mapping[uuid.UUID, list[Named]] = field(default_factory=dict)


def written(reminders: Iterable[Reminder], look: Look) -> bytes:
    """The calendar of these reminders, whose owner is at hand."""
    calendar = Calendar()
    calendar.add("prodid", "-//AhFai//Reminders//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", look.name)
    calendar.add("x-wr-calname", look.name)
    calendar.add("refresh-interval", vDuration(REFRESH), {"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    years: dict[str, int] = {}
    entries: list[Component] = []
    for reminder in reminders:
        series = _Series.of(reminder)
        entries.append(_entry(reminder, series, look))
        if series and reminder.snoozed_until:
            entries.append(_put_off(reminder, series, look))
        if series and (zone := series.zone_in_words) and reminder.day:
            years[zone] = min(years.get(zone, reminder.day.year), reminder.day.year)
    for key, year in sorted(years.items()):
        # The year before, since in January its rules still hold.
        calendar.add_component(zones.component(key, year - 1))
    for entry in entries:
        calendar.add_component(entry)
    return calendar.to_ical()


@dataclass(frozen=True)
class _Series:
    """How a reminder repeats, where a calendar has words for it."""

    start: datetime.datetime | datetime.date
    rule: vRecur

    @classmethod
    def of(cls, reminder: Reminder) -> "_Series | None":
        if reminder.repeat_from != RepeatFrom.DUE or reminder.done or reminder.due is None:
            return None
        try:
            rule = recurrence.Rule.parse(reminder.rrule)
            last = rule.last(reminder.own_zone)
        except recurrence.Unusable:
            return None
        assert reminder.day
        parts = {**rule.parts}
        start: datetime.datetime | datetime.date
        if reminder.at is None:
            start = reminder.day
        elif rule.is_shorter_than_days:
            # It counts on UTC, as "every 12 hours" means that much time.
            start = reminder.due.astimezone(datetime.UTC)
        else:
            wall = datetime.datetime.combine(reminder.day, reminder.at)
            start = wall.replace(tzinfo=reminder.own_zone)
        if last and reminder.at is None:
            parts["UNTIL"] = f"{last.astimezone(reminder.own_zone):%Y%m%d}"
        elif last:
            parts["UNTIL"] = f"{last:%Y%m%dT%H%M%SZ}"
        return cls(start, vRecur.from_ical(";".join(f"{a}={b}" for a, b in parts.items())))

    @property
    def zone_in_words(self) -> str:
        """The zone that the calendar has to describe, "" where none is named."""
        zone = self.start.tzinfo if isinstance(self.start, datetime.datetime) else None
        key = getattr(zone, "key", "")
        return "" if key == "UTC" else key


def _entry(reminder: Reminder, series: _Series | None, look: Look) -> Component:
    start: datetime.datetime | datetime.date | None
    if series:
        start = series.start
    elif reminder.counts_as_day:
        start = reminder.day
    else:
        moment = reminder.snoozed_until or reminder.due
        start = moment and moment.astimezone(datetime.UTC)
    entry = _words(reminder, look)
    _place(entry, start, bool(series))
    if series:
        entry.add("rrule", series.rule)
    if start and not reminder.done:
        _add_alarm(entry, reminder, start, look)
    return entry


def _put_off(reminder: Reminder, series: _Series, look: Look) -> Component:
    """The one time of a series that was put off; the series stays as it is."""
    assert reminder.snoozed_until
    entry = _words(reminder, look)
    entry.add("recurrence-id", series.start)
    moment = reminder.snoozed_until.astimezone(datetime.UTC)
    _place(entry, moment, is_series=False)
    _add_alarm(entry, reminder, moment, look)
    return entry


def _words(reminder: Reminder, look: Look) -> Component:
    entry: Component = Event() if look.shape == Feed.Shape.EVENTS else Todo()
    # For ever the same, wherever this AhFai is reached.
    entry.add("uid", f"{reminder.pk}@ahfai")
    stamp = reminder.touched.astimezone(datetime.UTC)
    entry.add("dtstamp", stamp)
    entry.add("last-modified", stamp)
    entry.add("created", reminder.created.astimezone(datetime.UTC))
    entry.add("sequence", reminder.version - 1)
    entry.add("summary", opened(reminder, "title") if look.shows_titles else _("Busy"))
    if look.shows_titles:
        if details := opened(reminder, "details"):
            entry.add("description", details)
        if names := [tag.name for tag in look.tags.get(reminder.pk, [])]:
            entry.add("categories", names)
        if reminder.priority:
            entry.add("priority", PRIORITIES[Priority(reminder.priority)])
        entry.add("url", settings.SITE_URL.rstrip("/") + reminder.get_absolute_url())
    if isinstance(entry, Event):
        # The time isn't taken: whoever asks when somebody is free is told so.
        entry.add("transp", "TRANSPARENT")
    elif reminder.done:
        entry.add("status", "COMPLETED")
        entry.add("completed", reminder.done.astimezone(datetime.UTC))
        entry.add("percent-complete", 100)
    else:
        entry.add("status", "NEEDS-ACTION")
    return entry


def _place(
    entry: Component, start: datetime.datetime | datetime.date | None, is_series: bool
) -> None:
    """Of a task that comes once its time is when it is due; one that repeats needs a start."""
    if start is None:
        return
    if isinstance(entry, Todo) and not is_series:
        entry.add("due", start)
        return
    entry.add("dtstart", start)
    if isinstance(start, datetime.datetime):
        entry.add("duration", LONG)


def _add_alarm(
    entry: Component,
    reminder: Reminder,
    start: datetime.datetime | datetime.date,
    look: Look,
) -> None:
    if look.alarm is None:
        return
    before = -datetime.timedelta(minutes=look.alarm)
    if not isinstance(start, datetime.datetime):
        # Of a whole day the alarm is by the time when AhFai tells of it, not in the night.
        before += datetime.timedelta(hours=ALL_DAY_AT.hour)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", entry["summary"])
    alarm.add("trigger", before, {} if "dtstart" in entry else {"RELATED": "END"})
    entry.add_component(alarm)
