import json
import zoneinfo
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reminders.phrases import MAX_PHRASE, Phrase, TooLong, read
from reminders.recurrence import Occurrence, following, occurrence

SHOWN = 5


class Command(BaseCommand):
    help = "Says what a reminder's phrase means: what is left of it, when, and when again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("phrase", help='for example "call mum tomorrow at 9 #family !1"')
        parser.add_argument("--now", help="the time to count from, like 2026-03-25T10:30")
        parser.add_argument("--zone", default=settings.TIME_ZONE, help="like Europe/Berlin")
        parser.add_argument("--order", choices=["dmy", "mdy"], default="dmy", help="what 1/4 means")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        zone = self.zone(options["zone"])
        now = self.now(options["now"], zone)
        try:
            phrase = read(options["phrase"], now, zone, options["order"])
        except TooLong:
            raise CommandError(f"A phrase has at most {MAX_PHRASE} characters.") from None
        times = _next_times(phrase, now, zone)
        if options["json"]:
            said = _as_json(phrase, times, zone)
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_sentence(phrase, times))

    def zone(self, name: str) -> zoneinfo.ZoneInfo:
        try:
            return zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise CommandError(f"There is no time zone {name!r}; one is Europe/Berlin.") from None

    def now(self, text: str | None, zone: zoneinfo.ZoneInfo) -> datetime:
        try:
            named = datetime.fromisoformat(text) if text else timezone.now()
        except ValueError:
            raise CommandError(f"{text!r} is no time like 2026-03-25T10:30.") from None
        return named if named.tzinfo else named.replace(tzinfo=zone)


def _next_times(phrase: Phrase, now: datetime, zone: zoneinfo.ZoneInfo) -> list[Occurrence]:
    """Today is among them where whole days are meant."""
    if phrase.start is None:
        return []
    if phrase.all_day:
        now = occurrence(now.astimezone(zone).date(), zone).at - timedelta(seconds=1)
    return following(phrase.start, zone, phrase.rrule, now, SHOWN)


def _as_json(
    phrase: Phrase, times: Sequence[Occurrence], zone: zoneinfo.ZoneInfo
) -> dict[str, Any]:
    """`start` is on the wall clock; the next times have their distance from UTC, too."""
    return {
        "start": phrase.start and _iso(phrase.start),
        "all_day": phrase.all_day,
        "rrule": phrase.rrule,
        "repeat_from": phrase.repeat_from,
        "title": phrase.title,
        "tags": list(phrase.tags),
        "priority": phrase.priority,
        "next": [_iso(one.wall if phrase.all_day else one.at.astimezone(zone)) for one in times],
        "moved": phrase.is_moved,
        "understood": [{"kind": one.kind, "words": one.words} for one in phrase.spans],
        "not_understood": [one.words for one in phrase.doubts],
    }


def _iso(wall: datetime | date) -> str:
    return wall.isoformat(timespec="minutes") if isinstance(wall, datetime) else wall.isoformat()


def _sentence(phrase: Phrase, times: Sequence[Occurrence]) -> str:
    said = [f"“{phrase.title}”" if phrase.title else "Without a title"]
    said.append(f"on {_shown(phrase.start)}" if phrase.start else "without a date or time")
    if phrase.rrule:
        counted = "when it was done" if phrase.repeat_from == "done" else "when it was due"
        said.append(f"and again by the rule {phrase.rrule}, counted from {counted}")
    if phrase.tags:
        said.append(f"with {' '.join(f'#{name}' for name in phrase.tags)}")
    if phrase.priority:
        said.append(f"with priority {phrase.priority}")
    lines = [" ".join(said) + "."]
    if phrase.is_moved:
        lines.append("The clock skips the time that you named, so it is moved on.")
    if phrase.doubts:
        words = ", ".join(f"“{one.words}”" for one in phrase.doubts)
        lines.append(f"It looks like a date or time, but can't be one: {words}.")
    if phrase.start and not times:
        lines.append("That has passed.")
    if phrase.rrule:
        lines += ["The next times:", *(f"  {_shown(one.wall)}" for one in times)]
    return "\n".join(lines)


def _shown(wall: datetime | date) -> str:
    at = f" at {wall:%H:%M}" if isinstance(wall, datetime) else ""
    return f"{wall:%A} {wall.day} {wall:%B %Y}{at}"
