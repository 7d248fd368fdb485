"""Repeats as a form offers them, and the rules of RFC 5545 that they stand for."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from reminders import recurrence

# By the names that a form sends; each follows "Every".
UNITS = {
    "": _("Never"),
    "hour": _("Hours"),
    "day": _("Days"),
    "weekday": _("Weekdays, Monday to Friday"),
    "week": _("Weeks"),
    "month": _("Months"),
    "month_end": _("Months, on the last day"),
    "year": _("Years"),
}
_WEEKDAYS = "MO,TU,WE,TH,FR"
_LAST_DAY = "BYMONTHDAY=28,29,30,31;BYSETPOS=-1"


@dataclass(frozen=True)
class Repeat:
    """Each so many `unit`s, the last time on the day `until` at the latest."""

    unit: str
    interval: int = 1
    until: datetime.date | None = None

    @classmethod
    def of(cls, rrule: str, day: datetime.date) -> "Repeat | None":
        """What stands for this rule, from this day on; None where a form has nothing for it."""
        if not rrule:
            return cls("")
        try:
            rule = recurrence.Rule.parse(rrule)
            until = rule.until and datetime.datetime.strptime(rule.until, "%Y%m%d").date()  # noqa: DTZ007
        except ValueError:
            return None
        # On the 31st each month is the same as its last day.
        all_of = (cls(unit, rule.interval, until or None) for unit in reversed(UNITS) if unit)
        return next((one for one in all_of if one.rule(day) == rrule), None)

    def rule(self, day: datetime.date) -> str:
        """The rule for what begins on this day."""
        parts = [*self._parts(day)]
        if self.interval > 1 and parts:
            parts.insert(1, f"INTERVAL={self.interval}")
        if self.until and parts:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)

    def _parts(self, day: datetime.date) -> list[str]:
        match self.unit:
            case "hour":
                return ["FREQ=HOURLY"]
            case "day":
                return ["FREQ=DAILY"]
            case "weekday":
                return ["FREQ=WEEKLY", f"BYDAY={_WEEKDAYS}"]
            case "week":
                return ["FREQ=WEEKLY"]
            case "month" if day.day > 28:
                # A month that is too short has its last day instead of none at all.
                days = ",".join(str(number) for number in range(28, day.day + 1))
                return ["FREQ=MONTHLY", f"BYMONTHDAY={days}", "BYSETPOS=-1"]
            case "month":
                return ["FREQ=MONTHLY"]
            case "month_end":
                return ["FREQ=MONTHLY", _LAST_DAY]
            case "year" if (day.month, day.day) == (2, 29):
                return ["FREQ=YEARLY", "BYMONTH=2", "BYMONTHDAY=28,29", "BYSETPOS=-1"]
            case "year":
                return ["FREQ=YEARLY"]
            case _:
                return []
