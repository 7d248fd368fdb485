"""What tools, notes and facts add to the time to the first token: `python bench/first_token.py`.

Beside a bare client, in one run and by turns, as `bench/streams.py` does it, with the same stub in
the model server's place. What the model itself needs to read them isn't in it. Prints a table.
"""

import json
import os
import statistics
import subprocess
import sys

from streams import ROOT, House, Person, bare_streams, ms, open_home, page_streams, stub, within
from stub_model import MODEL, WITH_TOOLS

TIMES, WARM_UP = 20, 4
QUESTION = "Who repaired the boiler in the cellar, and what did it cost?"
# One person for each row, with a chat for each question.
SEED = """
import json, sys
import django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.conf import settings
from accounts.models import User
from accounts.sessions import SessionStore
from chats.models import Chat
from notes.models import Note
from notes.tests.questions import made_up_notes
found = {}
for name, model, uses_notes, facts in json.loads(sys.argv[2]):
    user = User.objects.create_user(f"{name.replace(' ', '.')}@example.org", None, name="Ada")
    for number in range(facts):
        user.facts.create(text=f"Fact number {number}: likes the colour of leaf {number}")
    if uses_notes != "off":
        Note.objects.bulk_create(
            Note(owner=user, title=note.title, body=note.body, change_number=1)
            for note in made_up_notes().values()
        )
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    more = {"model": model, "uses_notes": uses_notes, "titled": True}
    more |= {"owner": user, "title": "A talk"}
    chats = [Chat.objects.create(**more).pk for _ in range(int(sys.argv[1]))]
    found[name] = [(session.session_key, str(chat)) for chat in chats]
print(json.dumps(found))
"""
ROWS = [
    ["nothing of it", MODEL, "off", 0],
    ["12 tools offered", WITH_TOOLS, "off", 0],
    ["notes always, of 200", MODEL, "always", 0],
    ["20 facts", MODEL, "off", 20],
    ["all of it", WITH_TOOLS, "always", 20],
]


def main() -> None:
    with stub() as url, House(OLLAMA_URL=url, OLLAMA_PARALLEL="512") as house:
        people = seed(house)
        for chats in people.values():
            open_home(house, chats[0])
        bare: list[float] = []
        ours: dict[str, list[float]] = {name: [] for name in people}
        for number in range(TIMES + WARM_UP):
            [stream] = bare_streams(url, 1, 1).streams
            bare.append(ms(stream.first - stream.asked))
            for name, chats in people.items():
                [stream] = page_streams(house, [chats[number]], 1, QUESTION).streams
                ours[name].append(ms(stream.first - stream.asked))
    print("| from the question to the first token, with | bare client | AhFai, median ", end="")
    print("| added | 95 % within |")
    print("|---|---|---|---|---|")
    usual = statistics.median(bare[WARM_UP:])
    for name, found in ours.items():
        middle, most = statistics.median(found[WARM_UP:]), within(found[WARM_UP:], 0.95)
        cells = f"{usual:.1f} ms | {middle:.1f} ms | {middle - usual:.1f} ms | {most:.1f} ms"
        print(f"| {name} | {cells} |")


def seed(house: House) -> dict[str, list[Person]]:
    environment = os.environ | {
        "ENV_FILE": "none",
        "DATA_DIR": str(house.folder / "data"),
        "KEYS_DIR": str(house.folder / "keys"),
        "DJANGO_SETTINGS_MODULE": "ahfai.settings",
    }
    command = [sys.executable, "-c", SEED, str(TIMES + WARM_UP), json.dumps(ROWS)]
    made = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return {name: [Person(*one) for one in some] for name, some in json.loads(made.stdout).items()}


if __name__ == "__main__":
    main()
