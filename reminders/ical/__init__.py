"""Reminders in the words of other calendars: iCalendar, RFC 5545.

What reads and writes them is loaded when `ical.export`, `ical.reading` or `ical.arriving` is used
for the first time: an idle process has no need of it, nor of the package that knows the format.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reminders.ical import arriving, export, reading

__all__ = ["arriving", "export", "reading"]


def __getattr__(name: str) -> ModuleType:
    """Called for what isn't loaded yet (PEP 562)."""
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(name)
