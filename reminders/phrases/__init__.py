"""What somebody means by "call mum tomorrow at 9 #family !1": what to do, and when.

An English grammar as tables: a row has a pattern over words, how sure it is, and what makes a
meaning of the words. Words are matched one after the other and never again, so no phrase is slow.

Nothing is guessed in silence. Each understood piece is a `Span`, to be shown and taken off again;
what stands in "quotes" is left alone. What isn't sure needs company: a word that also means
something else (may, sat) needs a date or time beside it, a day in the middle of a sentence a
preposition or a time. What looks like a date or time and can't be one is among the `doubts`.

Where English leaves it open:

- A weekday is the next one after today. "Next friday" is the one of next week, "this friday" the
  one that comes next. Weeks begin on Monday, the weekend and "every weekend" on Saturday.
- A time that has passed today is tomorrow's, a day without a year the next one, a month without a
  day its first. A time that was named with its day stays there, even where it has passed.
- Hours without am or pm are those of a 24-hour clock, unless "tonight" or "in the evening" says
  otherwise.
- Midnight is the end of the day. Morning, afternoon, evening and night are at 9, 12, 19 and 22, as
  Todoist has published it, and "tonight" is at 20.
- What comes every so many days or longer begins today where that is still possible, what comes
  every so many hours or minutes after the first of them.
- "Every 31st", and every month from a 31st on, is the last day in shorter months.
- A plus sign goes before the name of a list; what no list is called stays text.
- Dates with dots begin with the day; for other ones `order` says what comes first, unless only one
  way makes a date.
"""

from reminders.phrases.reading import MAX_PHRASE, Phrase, TooLong, read
from reminders.phrases.said import Order, Span

__all__ = ["MAX_PHRASE", "Order", "Phrase", "Span", "TooLong", "read"]
