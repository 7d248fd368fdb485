"""A whole AhFai in processes of its own, as `make run` starts it."""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from ahfai.testing import PASSWORD
from ahfai.tests import tables
from ahfai.tests.ports import free_port
from ahfai.tests.tables import ROOT

# As systemd starts a program for a socket.
GIVE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


class House:
    """`with House(OLLAMA_URL=…) as house`: started, migrated, answering at `house.url`."""

    def __init__(self, listener: socket.socket | None = None, **settings: str) -> None:
        """With a `listener`, it is given that as systemd would do it."""
        self.settings = settings
        self.listener = listener
        self.folder = Path(tempfile.mkdtemp(prefix="ahfai-house-"))
        self.port = listener.getsockname()[1] if listener else free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = self.folder / "log"

    def __enter__(self) -> "House":
        with contextlib.ExitStack() as entered:
            entered.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.settings |= entered.enter_context(empty_database())
            if "DATABASE_URL" not in self.settings:
                (self.folder / "data").mkdir()
                shutil.copy(tables.migrated_file(), self.folder / "data")
            self.start()
            entered.callback(self.stop)
            self.entered = entered.pop_all()
        return self

    def start(self) -> None:
        """Also once more after `stop`, with what was kept."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AHFAI_BUILTIN", "AHFAI_MODEL", "DJANGO_SETTINGS"))
        }
        self.environment = {
            "MODEL_SERVER": "ollama",
            "DRAIN_S": "1",
            "TITLES": "no",
            **self.settings,
            "ENV_FILE": "none",
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder / "data"),
            "KEYS_DIR": str(self.folder / "keys"),
            "DJANGO_SETTINGS_MODULE": "ahfai.settings",
        }
        command, given = [sys.executable, "manage.py", "serve"], ()
        if self.listener:
            given = (self.listener.fileno(),)
            command = [sys.executable, "-c", GIVE, str(given[0]), *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                pass_fds=given,
                cwd=ROOT,
                env=inherited | self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        end = time.monotonic() + 60
        while not self.is_up():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def __exit__(self, *_exc: object) -> None:
        self.entered.close()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def is_up(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(self.url + "/health", timeout=2).ok
        return False

    def children(self, pid: int | None = None) -> list[int]:
        """All living processes below the parent."""
        pid = pid or self.process.pid
        with contextlib.suppress(OSError):
            found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return [one for child in found for one in (int(child), *self.children(int(child)))]
        return []

    def web_pid(self) -> int:
        """The process that holds the open connections."""
        return self.web_pids()[0]

    def web_pids(self) -> list[int]:
        arbiter = self.children()[0]
        return self.children(arbiter)


@contextlib.contextmanager
def empty_database() -> Iterator[dict[str, str]]:
    """The settings for a database that nobody else uses, of the kind that the tests run on; of
    PostgreSQL with all tables."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        yield {}
        return
    name = f"house_{secrets.token_hex(8)}"
    tables.create_database(name, like=tables.migrated_database())
    yield {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
    tables.drop_database(name)


class Browser:
    """A person's session over plain HTTP, with forms and their tokens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, **more):
        return self.session.get(self.url + path, timeout=20, **more)

    def post(self, path: str, page: str, data: dict, **more):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page).text)
        assert token, page
        return self.session.post(
            self.url + path,
            data=data | {"csrfmiddlewaretoken": token[1]},
            headers={"Referer": self.url + page},
            timeout=20,
            **more,
        )

    def sign_up(self, email: str = "ada@example.org"):
        data = {"email": email, "name": "Ada", "password1": PASSWORD}
        answer = self.post("/account/sign-up/", "/account/sign-up/", data)
        assert answer.url == self.url + "/", answer.text
