"""The steps of reminders, beside what they are steps of."""

import datetime
import uuid
from collections.abc import Iterable

from reminders import words
from reminders.lists import Row
from reminders.models import Completion, Reminder


def put_beside(user, rows: Iterable[Row], today: datetime.date) -> None:
    """Under each row that is to be done its open steps, and how many are done; of a step its
    parent."""
    rows = [row for row in rows if not row.completion and not row.reminder.trashed]
    under = {row.reminder.pk: row for row in rows}
    for step in user.reminders.living().filter(parent__in=under).listed().in_order():
        if step.done:
            under[step.parent_id].steps_done += 1
        else:
            under[step.parent_id].steps.append(_row(step, today))
    wanted = {row.reminder.parent_id for row in rows if row.reminder.parent_id}
    parents = user.reminders.living().listed().in_bulk(wanted) if wanted else {}
    for row in rows:
        row.parent = parents.get(row.reminder.parent_id)


def of_one(reminder: Reminder, today: datetime.date) -> list[Row]:
    """Its steps, the open ones first, then those that are done."""
    found = list(reminder.steps.living().listed().in_order())
    rows = [_row(step, today) for step in found if not step.done]
    done = [step for step in found if step.done]
    made = _last_completions(done)
    return rows + [Row(step, completion=made.get(step.pk)) for step in done]


def _row(step: Reminder, today: datetime.date) -> Row:
    return Row(step, words.when(step, today) if step.due else "")


def _last_completions(done: list[Reminder]) -> dict[uuid.UUID, Completion]:
    versions = {one.pk: one.version - 1 for one in done}
    made = Completion.objects.filter(reminder__in=versions)
    return {one.reminder_id: one for one in made if one.version == versions[one.reminder_id]}
