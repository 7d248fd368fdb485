"""Processes of `manage.py worker` on the database of the test itself."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from django.db import connection

from ahfai.models import Heartbeat
from ahfai.processes import end_with_parent
from ahfai.tests.tables import ROOT
from chats.tests.conftest import wait_until


class Workers:
    """`with Workers(4, tmp_path) as workers`: so many, each until it is killed or the test ends.

    The test needs `transactional_db`: what it writes in a transaction of its own nobody else sees.
    """

    def __init__(self, count: int, folder: Path, **settings: str) -> None:
        self.count = count
        self.processes: list[subprocess.Popen] = []
        self.log = folder / "log"
        self.environment = os.environ | {
            **_database(folder),
            **settings,
            "DJANGO_SETTINGS_MODULE": "ahfai.settings",
        }

    def __enter__(self) -> "Workers":
        for _ in range(self.count):
            self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    def start(self) -> None:
        parent = os.getpid()
        with self.log.open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "manage.py", "worker"],
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=lambda: end_with_parent(parent),
                )
            )

    def at_work(self) -> list[subprocess.Popen]:
        """Those that have gone through a round at least."""
        seen = {*Heartbeat.objects.filter(kind="worker").values_list("pid", flat=True)}
        return [one for one in self.processes if one.pid in seen and one.poll() is None]

    def whichever(self, chance: random.Random) -> subprocess.Popen:
        """One of those at work, as soon as there is one."""
        return chance.choice(wait_until(self.at_work, 60))

    def kill(self, victim: subprocess.Popen) -> None:
        """At once, in the middle of whatever it does; another one is started in its place."""
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.processes.remove(victim)
        self.start()


def _database(folder: Path) -> dict[str, str]:
    """The settings for the test's own."""
    name = str(connection.settings_dict["NAME"])
    if url := os.environ.get("DATABASE_URL"):
        return {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
    data = folder / "data"
    data.mkdir()
    (data / "ahfai.sqlite3").symlink_to(name)
    return {"DATA_DIR": str(data)}
