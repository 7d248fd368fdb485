"""Steps of the restore drill and of moves, each run in a process of its own: a database is put in
the place of another one there.

`python -m ahfai.tests.drill STEP …` prints JSON. Settings come from the environment.
"""

import datetime
import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct horse battery staple"


def run(folder: Path, settings: Mapping[str, str], *steps: str) -> dict[str, Any]:
    """Do these steps in one process; returns what each of them found, by its name."""
    known = {
        "ENV_FILE": "none",
        "DJANGO_SETTINGS_MODULE": "ahfai.settings",
        "DATA_DIR": str(folder / "data"),
        "KEYS_DIR": str(folder / "keys"),
        "MODEL_SERVER": "ollama",
    }
    command = [sys.executable, "-m", "ahfai.tests.drill", *steps]
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        command, cwd=ROOT, env=inherited | known | dict(settings), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def main(steps: list[str]) -> None:
    import django

    django.setup()
    found = {}
    for step in steps:
        name, _colon, argument = step.partition("=")
        found[name] = STEPS[name](argument) if argument else STEPS[name]()
    print(json.dumps(found))


def command(*arguments: str) -> dict[str, Any]:
    from django.core.management import CommandError, call_command

    out = io.StringIO()
    try:
        call_command(*arguments, stdout=out)
    except CommandError as error:
        return {"said": out.getvalue(), "failed": str(error)}
    return {"said": out.getvalue(), "failed": ""}


def live() -> dict[str, str]:
    """Two people with something of everything."""
    from django.test import Client
    from django.utils import timezone

    from accounts import changes, files
    from accounts.models import User
    from ahfai.models import Heartbeat
    from chats.models import Chat, Message
    from notes.models import Note
    from reminders.models import Reminder

    people = {}
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    Heartbeat.objects.update(seen=long_ago)
    for name in ("ada", "ben"):
        person = User.objects.create_user(f"{name}@example.org", PASSWORD, name=name.title())
        chat = Chat.objects.create(owner=person, title=f"{name} talks")
        Message.objects.create(owner=person, chat=chat, role="user", content=f"{name} asks")
        Note.objects.create(owner=person, title=f"{name}'s note", body="oak for the top ✓")
        Reminder.objects.create(owner=person, title=f"{name} remembers")
        files.store(person, f"{name}.txt", [f"{name}'s plan".encode() * 1000])
        done = {"state": "done", "process": process, "ended": long_ago}
        person.imports.create(size=1, started=long_ago, **done)
        Client().force_login(person)
        changes.bury(person.pk, [person.pk])
        people[name] = str(person.pk)
    return people


def figures() -> dict[str, Any]:
    from ahfai.backups import rows

    return {model._meta.db_table: rows.figures(model, "default") for model in rows.all_models()}


def erase(who: str) -> None:
    from accounts.models import User
    from accounts.parting.erasure import erase

    erase(User.objects.get(email=f"{who}@example.org").pk, uuid.uuid4())


def change() -> None:
    from notes.models import Note

    Note.objects.filter(owner__email="ada@example.org").delete()


def words() -> list[str]:
    from accounts.models import SealedFile
    from chats.models import Message
    from notes.models import Note
    from reminders.models import Reminder

    return sorted(
        [
            *(note.title for note in Note.objects.all()),
            *(message.content for message in Message.objects.all()),
            *(reminder.title for reminder in Reminder.objects.all()),
            *(file.name for file in SealedFile.objects.all()),
        ]
    )


def sign_in(who: str) -> str:
    from django.test import Client

    client = Client()
    data = {"login": f"{who}@example.org", "password": PASSWORD}
    answer = client.post("/account/sign-in/", data, headers={"host": "localhost"})
    return answer.headers.get("Location", "")


def backup() -> dict[str, Any]:
    return command("backup")


def restore(source: str) -> dict[str, Any]:
    return command("restore", *source.split(","))


def broken_off(source: str) -> dict[str, Any]:
    """A restore that fails in the middle, and what is there afterwards."""
    from unittest import mock

    from ahfai.backups import BackupFailed, restoring

    before = figures()
    with mock.patch.object(restoring, "_put_keys", side_effect=BackupFailed("The disk is full.")):
        found = restore(source)
    return found | {"same": figures() == before, "is_empty": restoring.is_empty()}


def move(target: str) -> dict[str, Any]:
    return command("move_database", target)


def add() -> str:
    """Rows whose numbers the database gives."""
    from accounts import changes
    from accounts.models import Tombstone, User
    from notes.models import Note

    ada = User.objects.get(email="ada@example.org")
    changes.bury(ada.pk, [uuid.uuid4()])
    assert Tombstone.objects.exists()
    Note.objects.create(owner=ada, title="new", body="new")
    return "added"


STEPS = {
    step.__name__: step
    for step in (
        broken_off,
        live,
        figures,
        erase,
        change,
        words,
        sign_in,
        backup,
        restore,
        command,
        move,
        add,
    )
}

if __name__ == "__main__":
    main(sys.argv[1:])
