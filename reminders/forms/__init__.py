"""What the pages of reminders take, checked; a file for each thing that a person does."""

from reminders.forms.calendars import FeedForm, ImportForm
from reminders.forms.lists import IntoListForm, ListForm
from reminders.forms.picked import DETAIL, PickedForm, UndoForm
from reminders.forms.quick_line import QuickForm
from reminders.forms.reminder import KEPT, ReminderForm
from reminders.forms.rescheduling import DayForm, SnoozeForm

__all__ = [
    "DETAIL",
    "KEPT",
    "DayForm",
    "FeedForm",
    "ImportForm",
    "IntoListForm",
    "ListForm",
    "PickedForm",
    "QuickForm",
    "ReminderForm",
    "SnoozeForm",
    "UndoForm",
]
