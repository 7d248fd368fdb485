"""Addresses of places in a note, which its page marks."""

import re
import uuid
from urllib.parse import urlencode

from django.urls import reverse

from ahfai import markdown
from ahfai.markdown import files
from ahfai.textindex.queries import Query, Term
from ahfai.textindex.words import fold, words_of
from notes.models import Note

# The id of the first place in a note that is marked.
PLACE_FOUND = "found"
# A line of fewer words may stand in many places.
TELLING = 3
MOST_LINES = 60
_PLACE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")


def address(note: Note, text: str) -> str | None:
    """Where `text`, a part of the note's body as it was once, is to be seen; None where the note
    no longer says it."""
    start = note.body.find(text)
    if start < 0:
        return None
    return of_passage(note.pk, start, start + len(text))


def of_passage(note_id: uuid.UUID, start: int, end: int) -> str:
    """Where these letters of the note's body are to be seen."""
    query = urlencode({"passage": f"{start}-{end}"})
    return f"{reverse('notes:detail', args=[note_id])}?{query}#{PLACE_FOUND}"


def phrases(body: str, place: str) -> Query:
    """What is to be marked for the place that such an address names: each of its lines."""
    named = _PLACE.fullmatch(place)
    text = body[int(named[1]) : int(named[2])] if named else ""
    lines = [words_of(fold(line)) for line in markdown.plain(files.in_words(text)).splitlines()]
    lines = [words for words in lines if words]
    telling = [words for words in lines if len(words) >= TELLING] or lines
    return Query(tuple(Term(tuple(one), is_phrase=True) for one in telling[:MOST_LINES]), ())
