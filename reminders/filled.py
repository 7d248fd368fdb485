"""What the form of a reminder begins with."""

from collections.abc import Iterable

from reminders import repeating
from reminders.forms import KEPT
from reminders.models import Reminder, RepeatFrom
from reminders.repeating import Repeat


def as_saved(reminder: Reminder) -> dict[str, object]:
    return as_fields(reminder, [tag.name for tag in reminder.tags.all()]) | {
        "has_own_channels": reminder.has_own_channels,
        "channels": list(reminder.chosen.values_list("channel", flat=True)),
    }


def as_fields(reminder: Reminder, names: Iterable[str]) -> dict[str, object]:
    columns = ("title", "details", "priority", "list_id", "day", "at", "zone", "version")
    return {name: getattr(reminder, name) for name in columns} | {
        "tags": " ".join(sorted(names)),
        "repeat_from": reminder.repeat_from or RepeatFrom.DUE,
        **repeating.fields(repeat(reminder)),
        **({"unit": KEPT} if kept_rule(reminder) else {}),
    }


def kept_rule(reminder: Reminder) -> str:
    """The rule, where the form has no fields for it."""
    return "" if reminder.day is None or repeat(reminder) else reminder.rrule


def repeat(reminder: Reminder) -> Repeat | None:
    if reminder.day is None:
        return None
    return Repeat.of(reminder.rrule, reminder.day, reminder.own_zone)
