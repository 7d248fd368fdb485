"""The crowd's rows, for `scale.py`, read and written as AhFai does it.

`python bench/crowd_rows.py make 200` makes people with a session each and some things of theirs,
and prints them as JSON; `… check` takes what the crowd was told to be saved, and says what of it
isn't in the database.
"""

import json
import random
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from stub_model import MODEL, STAMP  # noqa: E402

from accounts.models import User  # noqa: E402
from accounts.sessions import SessionStore  # noqa: E402
from chats.models import Chat, Message, Role  # noqa: E402
from notes import writing  # noqa: E402
from notes.models import Note  # noqa: E402
from reminders.models import Reminder  # noqa: E402

CHATS, MESSAGES, NOTES, REMINDERS = 8, 10, 20, 8
VOCABULARY = 4000


def make(people: int) -> list[dict]:
    dice = random.Random(8)
    syllables = ["ba", "co", "di", "fu", "ge", "ha", "lo", "mi", "nu", "re", "sa", "to"]
    words = ["".join(dice.choices(syllables, k=dice.randint(1, 4))) for _ in range(VOCABULARY)]
    return [_person(number, words, dice) for number in range(people)]


def _person(number: int, words: list[str], dice: random.Random) -> dict:
    def text(length: int) -> str:
        return " ".join(dice.choices(words, k=length))

    with transaction.atomic():
        user = User.objects.create_user(f"p{number}@example.org", None, name=f"Person {number}")
        chats = [
            Chat(owner=user, title=text(4), model=MODEL, titled=True, change_number=1)
            for _ in range(CHATS)
        ]
        Chat.objects.bulk_create(chats)
        for chat in chats:
            _talk(user, chat, text)
        Note.objects.bulk_create(_note(user, text(3), text(150)) for _ in range(NOTES))
        Reminder.objects.bulk_create(_reminder(user, text(4), day) for day in range(REMINDERS))
    return {
        "number": number,
        "id": str(user.pk),
        "cookie": _session(user),
        "chats": [str(chat.pk) for chat in chats],
        "notes": [str(pk) for pk in user.notes.values_list("pk", flat=True)],
        "words": dice.choices(words, k=5),
    }


def _talk(user: User, chat: Chat, text) -> None:
    rows: list[Message] = []
    began = timezone.now() - timedelta(days=1)
    for turn in range(MESSAGES):
        is_answer = turn % 2
        rows.append(
            Message(
                owner=user,
                chat=chat,
                parent=rows[-1] if rows else None,
                role=Role.ASSISTANT if is_answer else Role.PERSON,
                content=text(120 if is_answer else 20),
                created=began + timedelta(minutes=turn),
                closed=began + timedelta(minutes=turn) if is_answer else None,
                change_number=1,
            )
        )
    Message.objects.bulk_create(rows)


def _note(user: User, title: str, body: str) -> Note:
    return Note(owner=user, title=title, body=body, excerpt=writing.excerpt(body), change_number=1)


def _reminder(user: User, title: str, day: int) -> Reminder:
    due = timezone.now().replace(microsecond=0) + timedelta(days=day + 1)
    times = {"day": due.date(), "at": due.time(), "due": due, "next_fire_at": due}
    return Reminder(owner=user, title=title, change_number=1, **times)


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key


def check(told: dict) -> dict:
    """How many of each were looked at, and what is missing or there twice. Of replies, how many
    seconds of what a person had read aren't in the saved text."""
    looked_at: Counter[str] = Counter()
    faults: list[str] = []
    titles = _titles_by_owner()
    for one in told["saved"]:
        looked_at[one["what"]] += 1
        if one["what"] == "note":
            body = Note.objects.get(pk=one["id"]).body
            if not any(f"{words}." in body for words in one["one_of"]):
                faults.append("a note without the words that were saved last")
        else:
            there = titles[one["owner"]][one["title"]]
            if there > 1 or (there == 0 and one["what"] == "reminder"):
                faults.append(f"a reminder that is there {there} times")
    lost_s = []
    for reply in told["replies"]:
        if not reply["seen"]:
            continue
        looked_at["question"] += 1
        asked = Message.objects.filter(owner=reply["owner"], request_id=reply["request_id"])
        if [one.content for one in asked] != [reply["text"]]:
            faults.append(f"a question that is there {len(asked)} times")
            continue
        text = "".join(
            one.content for one in Message.objects.filter(parent=asked[0]).order_by("created")
        )
        kept = {stamp.decode() for stamp in STAMP.findall(text.encode())}
        lost = [at for stamp, at in reply["seen"].items() if stamp not in kept]
        if lost:
            # Between the first of them and the moment at which the next text came.
            lost_s.append(max(lost) - min(lost))
        if any(one.is_open for one in Message.objects.filter(parent=asked[0])):
            faults.append("a reply that is still open")
    return {"looked_at": looked_at, "faults": faults, "lost_s": lost_s}


def _titles_by_owner() -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for reminder in Reminder.objects.iterator():
        found.setdefault(str(reminder.owner_id), Counter())[reminder.title] += 1
    return found


if __name__ == "__main__":
    if sys.argv[1] == "make":
        print(json.dumps(make(int(sys.argv[2]))))
    else:
        print(json.dumps(check(json.load(sys.stdin))))
