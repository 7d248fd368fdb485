"""Reminders, their lists, what was done with them, who is told of them, and who may read them."""

from reminders.models.channel import (
    MAX_NAME,
    MAX_TARGET,
    Channel,
    ChosenChannel,
    Telling,
)
from reminders.models.completion import Completion
from reminders.models.delivery import Delivery
from reminders.models.feed import MAX_FEED_NAME, Feed
from reminders.models.list import MAX_LIST_NAME, Colour, List
from reminders.models.notice import LATE_AFTER, Notice
from reminders.models.reminder import (
    ALL_DAY_AT,
    MAX_DETAILS,
    MAX_KIND,
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
    "MAX_FEED_NAME",
    "MAX_KIND",
    "MAX_LIST_NAME",
    "MAX_NAME",
    "MAX_RULE",
    "MAX_TARGET",
    "MAX_TITLE",
    "STATE",
    "Channel",
    "ChosenChannel",
    "Colour",
    "Completion",
    "Delivery",
    "Feed",
    "List",
    "Notice",
    "Priority",
    "Reminder",
    "ReminderQuerySet",
    "RepeatFrom",
    "Tagging",
    "Telling",
]
