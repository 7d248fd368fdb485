"""What a model may do with a person's reminders: look them up, and propose changes.

When something is to be is always said in words, which the grammar of `reminders.phrases` reads: no
model computes a date.
"""

import datetime
from typing import Annotated, Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.sealing.lookup import fold
from ahfai.crypto import SealError
from ahfai.questions import meant
from ahfai.tools import Found, Link, Proposal, Said, Unfit, between, short
from reminders import own_lists, phrases, quick, recurrence, schedule, snoozing, words
from reminders.forms import QuickForm
from reminders.models import MAX_TITLE, Reminder
from reminders.phrases import MAX_PHRASE, Order, Phrase
from reminders.proposals import as_json

MOST_LISTED = 40
MOST_DAYS = 366
# Of those that are looked through for a title.
MOST_TITLES = 1000
_ID = "what the reminder is called, in the person's words, or its id"


def list_reminders(
    user: Any, days: Annotated[int, Said("how many days from today on, 1 for today alone")] = 7
) -> Found:
    """List the person's open reminders: the overdue ones, the agenda of today and the next days,
    and those without a date. It also says what day it is."""
    # Models mean today by 0.
    days = max(1, days)
    if days > MOST_DAYS:
        raise Unfit(f"The argument 'days' is from 1 to {MOST_DAYS}.")
    now = timezone.now()
    today = timezone.localdate(now)
    midnight, _tomorrow = schedule.midnights(now, user.zone)
    dated = user.reminders.dated().listed().order_by("moment", "id")
    end = midnight + datetime.timedelta(days=days, hours=1)
    late = list(dated.overdue(now, midnight)[:MOST_LISTED])
    coming = [one for one in dated.filter(moment__gte=midnight, moment__lt=end) if one not in late]
    undated = list(user.reminders.undated().listed().order_by("-created")[:MOST_LISTED])
    lines = [f"Today is {date_format(today, 'l, j F Y')}."]
    for heading, found in (
        ("Overdue:", late),
        ("Today:" if days == 1 else f"The next {days} days:", coming[:MOST_LISTED]),
        ("Without a date:", undated),
    ):
        lines += [heading, *(_line(one, today) for one in found)] if found else []
    found = [*late, *coming[:MOST_LISTED], *undated]
    if not found:
        lines.append("There are no open reminders.")
    told = _("looked at your reminders, %(count)d there") % {"count": len(found)}
    links = tuple(Link(_title(one), one.get_absolute_url()) for one in found)
    return Found("\n".join(lines), told, number=len(found), links=links)


def set_reminder(
    user: Any,
    phrase: Annotated[
        str,
        Said(
            # No example: small models hand on that one.
            "what to be reminded of, and when, in the person's own words",
            MAX_PHRASE,
        ),
    ],
) -> Proposal:
    """Propose a new reminder. Never work out a date yourself: say when in words. The person sees
    what was understood and decides."""
    return in_one_line(user, phrase)


def in_one_line(user: Any, phrase: str, order: Order = "dmy") -> Proposal:
    """A new reminder as somebody writes it in one line. Raises Unfit."""
    lists = own_lists.all_of(user)
    data = QueryDict(mutable=True)
    data["text"] = phrase
    form = QuickForm(data, user=user, around=quick.Around(lists), order=order)
    if not form.is_clear() or form.phrase is None:
        doubts = [doubt.label for doubt in form.doubts]
        faults = [str(fault) for faults in form.errors.values() for fault in faults]
        raise Unfit(" ".join(doubts or faults))
    if len(form.phrase.title) > MAX_TITLE:
        raise Unfit(_("That is too long for a reminder."))
    payload = {"wanted": as_json(form.wanted), "tags": form.tag_names}
    reminder = Reminder(owner=user, **form.wanted)
    schedule.settle(reminder, timezone.now())
    return Proposal("reminder_new", payload, f"a new reminder: {_told(reminder)}")


def change_reminder(
    user: Any,
    reminder: Annotated[str, Said(_ID, MAX_TITLE)],
    title: Annotated[str, Said("new words for what it is", MAX_TITLE)] = "",
    when: Annotated[
        str, Said("a new time in words, such as 'friday at 10' or 'every day at 8'", MAX_PHRASE)
    ] = "",
) -> Proposal:
    """Propose to change what a reminder says or when it is."""
    changed = _find(user, reminder)
    wanted: dict[str, Any] = {}
    if title.strip():
        wanted["title"] = " ".join(title.split())
    if when.strip():
        wanted |= _times(user, when)
    if not wanted:
        raise Unfit("Say a new title, or a new time in 'when'.")
    for name, value in wanted.items():
        setattr(changed, name, value)
    schedule.settle(changed, timezone.now())
    payload = {"id": str(changed.pk), "wanted": as_json(wanted)}
    told = f"the reminder changed to: {_told(changed)}"
    return Proposal("reminder_change", payload, told, is_foreign=True)


def complete_reminder(user: Any, reminder: Annotated[str, Said(_ID, MAX_TITLE)]) -> Proposal:
    """Propose to tick a reminder off, because the person has done it."""
    found = _find(user, reminder)
    told = f"ticking off: {_told(found)}"
    return Proposal("reminder_complete", {"id": str(found.pk)}, told, is_foreign=True)


def snooze_reminder(
    user: Any,
    reminder: Annotated[str, Said(_ID, MAX_TITLE)],
    until: Annotated[str, Said("in words, such as 'in 2 hours' or 'tomorrow at 9'", MAX_PHRASE)],
) -> Proposal:
    """Propose to put a reminder off for once; when it is due stays as it is."""
    found = _find(user, reminder)
    if found.due is None:
        raise Unfit("This reminder has no time, so it can't be put off. change_reminder sets one.")
    start = _when(user, until).start
    if start is None:
        raise Unfit("The argument 'until' names no time.")
    if not isinstance(start, datetime.datetime):
        start = datetime.datetime.combine(start, snoozing.MORNING)
    moment = recurrence.occurrence(start, user.zone).at
    if moment <= timezone.now():
        raise Unfit("The argument 'until' names a time that is over.")
    payload = {"id": str(found.pk), "until": moment.isoformat()}
    told = f"putting off until {words.moment(moment, timezone.localdate())}: {_told(found)}"
    return Proposal("reminder_snooze", payload, told, is_foreign=True)


def _times(user: Any, text: str) -> dict[str, Any]:
    """What a time in words says, by the columns of a reminder."""
    said = quick.wanted(_when(user, text))
    if said["day"] is None:
        raise Unfit("The argument 'when' names no time.")
    return {name: said[name] for name in ("day", "at", "zone", "rrule", "repeat_from")}


def _when(user: Any, text: str) -> Phrase:
    phrase = phrases.read(text, timezone.now(), user.zone)
    if phrase.doubts or phrase.title:
        unclear = phrase.title or phrase.doubts[0].words
        raise Unfit(f"“{unclear[:60]}” isn't a time. Say only when, such as 'tomorrow at 9'.")
    return phrase


def _find(user: Any, said: str) -> Reminder:
    """Somebody else's is missing, too. Raises Unfit."""
    reminders = user.reminders.open().listed()
    if ids := between(said):
        found = list(reminders.filter(pk__gte=ids[0], pk__lte=ids[1])[:2])
    else:
        wanted = fold(" ".join(said.split()))
        alike = list(reminders.order_by("-changed")[:MOST_TITLES])
        found = [one for one in alike if fold(_title(one)) == wanted][:2]
        # Models seldom copy a title exactly, and the person sees which one it is.
        found = found or [alike[place] for place in meant(said, map(_title, alike))]
    if not found:
        raise Unfit("There is no such open reminder. list_reminders shows what there is.")
    if len(found) > 1:
        raise Unfit("Several reminders are called so. Say the id that list_reminders shows.")
    return found[0]


def _line(reminder: Reminder, today: datetime.date) -> str:
    return f"[{short(reminder.pk)}] {_told(reminder, today)}"


def _told(reminder: Reminder, today: datetime.date | None = None) -> str:
    today = today or timezone.localdate()
    said = [_title(reminder), words.when(reminder, today)]
    if reminder.rrule:
        said.append(words.repeat(reminder.rrule, reminder.repeat_from))
    return ", ".join(said)


def _title(reminder: Reminder) -> str:
    try:
        return reminder.title
    except SealError:
        return "?"
