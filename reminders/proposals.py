"""Changes to reminders that somebody else proposes, and the person decides on: see
`ahfai.proposals`."""

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ahfai.crypto import SealError
from ahfai.proposals import Change, Fact, Form, Json, Kind, Shown, Stale, Told
from reminders import (
    completing,
    filled,
    order,
    own_lists,
    schedule,
    snoozing,
    words,
    writing,
)
from reminders.models import Priority, Reminder


class NewReminder:
    label = gettext_lazy("New reminder")
    verb = gettext_lazy("Set it")
    icon = "bell"
    creates = True

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        reminder = Reminder(owner=user, **columns(payload["wanted"]))
        fields = _as_form(reminder, payload["tags"]) | {"page": [str(page)]}
        return Shown(
            reminder.title,
            [*_time_facts(user, reminder), *_other_facts(user, reminder, payload["tags"])],
            warning=_warning(reminder),
            form=Form(reverse("reminders:new"), fields),
        )

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        wanted = columns(payload["wanted"])
        reminder = writing.create(user, wanted, payload["tags"], page)
        return {"id": str(reminder.pk), "version": reminder.version}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        reminder = user.reminders.listed().filter(made_by=page).first()
        return reminder and {"id": str(reminder.pk), "version": reminder.version}

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        return _tell(user, outcome, _("Set."))

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        order.trash(user, [_untouched(user, outcome).pk])


class ChangeReminder:
    label = gettext_lazy("Change a reminder")
    verb = gettext_lazy("Change it")
    icon = "bell"
    creates = False

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        reminder = _open(user, payload)
        before, names = _described(user, reminder), _tag_names(reminder)
        form_before = filled.kept_rule(reminder)
        for name, value in columns(payload["wanted"]).items():
            setattr(reminder, name, value)
        after = _described(user, reminder)
        changes = [
            Change(label, old, after[label]) for label, old in before.items() if old != after[label]
        ]
        edit = reverse("reminders:edit", args=[reminder.pk])
        fields = _as_form(reminder, names) | {"page": [str(page)]}
        can_be_edited = filled.kept_rule(reminder) == form_before
        return Shown(
            reminder.title,
            changes=changes,
            warning=_warning(reminder) if changes else _("It is so already."),
            version=reminder.version,
            address=reminder.get_absolute_url(),
            form=Form(edit, fields) if can_be_edited else None,
        )

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        reminder = _open(user, payload)
        asked = columns(payload["wanted"])
        before = {name: getattr(reminder, name) for name in {*writing.TIMES, *asked}}
        wanted = before | asked
        try:
            saved = writing.save(reminder, version, wanted, _tag_names(reminder))
        except (writing.Outdated, Reminder.DoesNotExist):
            raise Stale(_changed()) from None
        return {"id": str(saved.pk), "version": saved.version, "before": as_json(before)}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        return None

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        return _tell(user, outcome, _("Changed."))

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        reminder = _untouched(user, outcome)
        before = columns(outcome["before"])
        try:
            writing.save(reminder, reminder.version, before, _tag_names(reminder))
        except (writing.Outdated, Reminder.DoesNotExist):
            raise Stale(_touched()) from None


class CompleteReminder:
    label = gettext_lazy("Tick off a reminder")
    verb = gettext_lazy("Tick it off")
    icon = "check"
    creates = False

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        reminder = _open(user, payload)
        warning = _("The next time stays in your list.") if reminder.rrule else ""
        return Shown(
            reminder.title,
            _time_facts(user, reminder),
            warning=warning,
            version=reminder.version,
            address=reminder.get_absolute_url(),
        )

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        reminder = _open(user, payload)
        outcome = completing.complete(user, {reminder.pk: version})
        if not outcome.completions:
            raise Stale(_changed())
        completion = outcome.completions[0]
        return {"id": str(reminder.pk), "completion": str(completion.pk), "version": version + 1}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        return None

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        return _tell(user, outcome, _("Ticked off."))

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        undone, _changed_since = completing.undo(user, [uuid.UUID(outcome["completion"])])
        if not undone:
            raise Stale(_touched())


class SnoozeReminder:
    label = gettext_lazy("Put off a reminder")
    verb = gettext_lazy("Put it off")
    icon = "bell"
    creates = False

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        reminder = _dated(user, payload)
        until = datetime.datetime.fromisoformat(payload["until"])
        facts = [
            Fact(_("until %(time)s") % {"time": _moment(until)}, is_of_time=True),
            Fact(str(user.zone)),
            Fact(_("due %(time)s") % {"time": words.when(reminder, timezone.localdate())}),
        ]
        warning = _("That time is over by now.") if until <= timezone.now() else ""
        version, address = reminder.version, reminder.get_absolute_url()
        return Shown(reminder.title, facts, warning=warning, version=version, address=address)

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        reminder = _dated(user, payload)
        until = datetime.datetime.fromisoformat(payload["until"])
        if reminder.version != version:
            raise Stale(_changed())
        put_off = until > timezone.now() and snoozing.snooze(user, [reminder.pk], until)
        if not put_off:
            raise Stale(_("That time is over by now."))
        return {"id": str(reminder.pk), "version": version + 1, "before": put_off[0].as_json()}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        return None

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        reminder = user.reminders.living().listed().filter(pk=outcome["id"]).first()
        said = _("Put off.")
        if reminder and reminder.snoozed_until:
            time = words.moment(reminder.snoozed_until, timezone.localdate())
            said = _("Put off until %(time)s.") % {"time": time}
        return _tell(user, outcome, said)

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        if not snoozing.take_back(user, [snoozing.Before.parse(outcome["before"])]):
            raise Stale(_touched())


KINDS: dict[str, Kind] = {
    "reminder_new": NewReminder(),
    "reminder_change": ChangeReminder(),
    "reminder_complete": CompleteReminder(),
    "reminder_snooze": SnoozeReminder(),
}


def as_json(wanted: dict[str, Any]) -> Json:
    """Columns of a reminder in a payload."""
    return {
        name: value if isinstance(value, str | int | None) else str(value)
        for name, value in wanted.items()
    }


def columns(stored: Json) -> dict[str, Any]:
    """Columns of a reminder out of a payload."""
    read = {
        "day": datetime.date.fromisoformat,
        "at": datetime.time.fromisoformat,
        "list_id": uuid.UUID,
    }
    return {
        name: read[name](value) if name in read and value else value
        for name, value in stored.items()
    }


def _open(user: Any, payload: Json) -> Reminder:
    reminder = user.reminders.open().filter(pk=payload["id"]).first()
    if reminder is None:
        raise Stale(_("This reminder is done, deleted or in the trash by now."))
    return reminder


def _dated(user: Any, payload: Json) -> Reminder:
    reminder = _open(user, payload)
    if reminder.due is None:
        raise Stale(_("This reminder has no time by now, so it can't be put off."))
    return reminder


def _untouched(user: Any, outcome: Json) -> Reminder:
    """Nothing that was done to it since is taken back along with it."""
    reminder = user.reminders.open().filter(pk=outcome["id"]).first()
    if reminder is None or reminder.version != outcome["version"]:
        raise Stale(_touched())
    return reminder


def _changed() -> str:
    return _("This reminder was changed elsewhere meanwhile, so nothing was done. Look again.")


def _touched() -> str:
    return _("Something else was done to this reminder since, so it is left as it is.")


def _tell(user: Any, outcome: Json, said: str) -> Told:
    reminder = user.reminders.listed().filter(pk=outcome["id"]).first()
    if reminder is None:
        return Told(_("The reminder was deleted since."))
    try:
        title = reminder.title
    except SealError:
        title = ""
    if reminder.trashed:
        return Told(_("The reminder is in the trash by now."), title, reverse("reminders:trash"))
    if not reminder.done:
        said = f"{said} {words.coming(reminder, timezone.localdate())}"
    return Told(
        said,
        title,
        reminder.get_absolute_url(),
        may_be_undone=reminder.version == outcome["version"],
        facts=[
            *_time_facts(user, reminder),
            *_other_facts(user, reminder, _tag_names(reminder)),
        ],
    )


def _time_facts(user: Any, reminder: Reminder) -> list[Fact]:
    """When, where that is, and how often."""
    if reminder.day is None:
        return [Fact(_("no date"), is_of_time=True)]
    due = schedule.due_at(reminder)
    assert due
    first = next(iter(schedule.times(reminder, 1)), due) if reminder.rrule else due
    when = _moment(first) if reminder.at else _("%(day)s, all day") % {"day": _day(first)}
    facts = [Fact(when, is_of_time=True)]
    if reminder.at:
        facts.append(Fact(str(reminder.own_zone)))
    if not reminder.rrule:
        return [*facts, Fact(_("once"))]
    repeat = words.repeat(reminder.rrule, reminder.repeat_from)
    return [*facts, Fact(repeat, is_of_time=True, icon="repeat")]


def _other_facts(user: Any, reminder: Reminder, names: list[str]) -> Iterator[Fact]:
    if reminder.list_id:
        in_list = own_lists.within(own_lists.all_of(user), reminder.list_id)
        if in_list:
            yield Fact(in_list.name)
    for name in names:
        yield Fact(f"#{name}")
    if reminder.priority:
        level = Priority(reminder.priority).label
        yield Fact(_("priority: %(priority)s") % {"priority": level})


def _moment(of: datetime.datetime) -> str:
    """ "Wed 25 Nov, 9:00": in full, since "tomorrow" is soon another day."""
    return f"{_day(of)}, {words.clock(of)}"


def _day(of: datetime.datetime) -> str:
    local = timezone.localtime(of)
    return date_format(local, "D j M" if local.year == timezone.localdate().year else "D j M Y")


def _described(user: Any, reminder: Reminder) -> dict[str, str]:
    """What a change may change, in words."""
    return {
        _("What"): reminder.title,
        _("When"): ", ".join(fact.label for fact in _time_facts(user, reminder)),
    }


def _warning(reminder: Reminder) -> str:
    due = schedule.due_at(reminder)
    if due is None or reminder.rrule or due > timezone.now():
        return ""
    if reminder.at is None and timezone.localdate(due) == timezone.localdate():
        return ""
    return _("That time is over by now.")


def _tag_names(reminder: Reminder) -> list[str]:
    return [tag.name for tag in reminder.tags.all()]


def _as_form(reminder: Reminder, names: list[str]) -> dict[str, list[str]]:
    """What opens the reminder's own form with all of it: it saves nothing when it is asked for the
    next times."""
    fields = filled.as_fields(reminder, names) | {"preview": "1"}
    if reminder._state.adding:
        fields["rrule"] = filled.kept_rule(reminder)
    else:
        saved = filled.as_saved(reminder)
        fields |= {name: saved[name] for name in ("has_own_channels", "channels")}
    if isinstance(reminder.at, datetime.time):
        fields["at"] = reminder.at.strftime("%H:%M")
    # As a browser sends them: what isn't ticked isn't there.
    return {
        name: [str(one) for one in value] if isinstance(value, list) else [str(value)]
        for name, value in fields.items()
        if value not in (None, False)
    }
