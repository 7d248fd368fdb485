"""docs/operating.md says how long things may be, as they are."""

from pathlib import Path

import pytest
from django.conf import settings

from accounts import files, tags
from accounts.models import User, token
from accounts.programs import tokens
from ahfai.textindex.queries import MAX_QUERY
from chats import attachments, facts, steering
from chats import forms as chat_forms
from notes import attachments as note_attachments
from notes import models as notes
from reminders import channel_views, feeds, own_lists, writing
from reminders.models import channel, feed, reminder
from reminders.models import list as lists
from reminders.phrases import reading

pytestmark = pytest.mark.same_everywhere

DOCUMENTED = (Path(settings.BASE_DIR) / "docs" / "operating.md").read_text()


@pytest.mark.parametrize(
    ("what", "characters", "how_many"),
    [
        ("a message", chat_forms.MAX_TEXT, f"{attachments.MOST_FILES} files with it"),
        ("the name of a preset", 80, steering.MAX_PRESETS),
        ("a fact about oneself", facts.LONGEST, facts.MAX_FACTS),
        ("the title of a note", notes.MAX_TITLE, ""),
        ("a note", notes.MAX_BODY, f"{note_attachments.MOST_FILES} files in it"),
        ("a tag", tags.MAX_NAME, f"{tags.MAX_TAGS} on one thing"),
        ("the title of a reminder", reminder.MAX_TITLE, f"{writing.MAX_STEPS} steps in it"),
        ("the details of a reminder", reminder.MAX_DETAILS, ""),
        ("a line that sets a reminder", reading.MAX_PHRASE, ""),
        ("the name of a list", lists.MAX_LIST_NAME, own_lists.MAX_LISTS),
        ("the name of a channel", channel.MAX_NAME, channel_views.MOST),
        ("the name of a calendar address", feed.MAX_FEED_NAME, feeds.MAX_FEEDS),
        ("the name of an API token", token.MAX_TOKEN_NAME, tokens.MAX_TOKENS),
        ("the name of a file", files.MAX_NAME, ""),
        ("a search", MAX_QUERY, ""),
        ("one's own name", User._meta.get_field("name").max_length, ""),
    ],
)
def test_it_is_written_down_as_it_is(what, characters, how_many):
    more = f"{how_many} |" if how_many else "|"
    assert f"| {what} | {characters:,} | {more}\n" in DOCUMENTED
