"""Reminders, what was done with them, and that somebody was told."""

from reminders.models.completion import Completion
from reminders.models.notice import LATE_AFTER, Notice
from reminders.models.reminder import (
    ALL_DAY_AT,
    MAX_DETAILS,
    MAX_RULE,
    MAX_TITLE,
    STATE,
    Priority,
    Reminder,
    ReminderQuerySet,
    RepeatFrom,
    Tagging,
)

__all__ = [
    "ALL_DAY_AT",
    "LATE_AFTER",
    "MAX_DETAILS",
    "MAX_RULE",
    "MAX_TITLE",
    "STATE",
    "Completion",
    "Notice",
    "Priority",
    "Reminder",
    "ReminderQuerySet",
    "RepeatFrom",
    "Tagging",
]
