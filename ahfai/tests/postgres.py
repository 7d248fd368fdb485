"""`python -m ahfai.tests.postgres`: the tests that use a database, once more on PostgreSQL.

Starts a throw-away server in a folder of its own, reached by a Unix socket only, runs pytest on it
with the given arguments, and takes everything away at the end. Where PostgreSQL isn't installed it
says so, and fails only if AHFAI_NO_SKIP is set.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ahfai.processes import end_with_parent

START_S = 30
# PostgreSQL refuses to run as root; Debian's package brings a user for it.
USER = "postgres" if os.geteuid() == 0 else None
MADE_WITH = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
# A socket in its own folder only; and nothing here has to survive a power cut.
RUN_WITH = (
    "--listen_addresses=",
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--max_connections=200",
)


def main() -> int:
    found = programs()
    if found is None:
        print("PostgreSQL isn't installed here, so no test runs on it.", file=sys.stderr)
        return 1 if os.environ.get("AHFAI_NO_SKIP") else 0
    running: list[subprocess.Popen] = []
    # Ctrl-C reaches pytest by the terminal, SIGTERM is passed on; the server ends after it.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: [process.terminate() for process in running])
    with server(found) as url:
        # The databases go with the server; to drop one, every thread would have to let go of it.
        command = [sys.executable, "-m", "pytest", "--reuse-db", *sys.argv[1:]]
        running.append(process := subprocess.Popen(command, env=os.environ | {"DATABASE_URL": url}))
        return process.wait()


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version where there are several."""
    debians = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
        reverse=True,
    )
    found = debians[0] if debians else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextlib.contextmanager
def server(programs: Path) -> Iterator[str]:
    """The address of an empty PostgreSQL, for DATABASE_URL."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="ahfai-postgres-"))
    try:
        if USER:
            shutil.chown(folder, USER, USER)
        data = ("-D", folder / "data")
        start(folder, programs / "initdb", *data, "-U", me, *MADE_WITH).wait()
        postgres = start(folder, programs / "postgres", *data, "-k", folder, *RUN_WITH)
        try:
            wait_until_ready(programs, folder, postgres)
            yield f"postgres:///{folder}/postgres"
        finally:
            # A fast shutdown: whoever is still connected is thrown out.
            postgres.send_signal(signal.SIGINT)
            postgres.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, *command: str | Path) -> subprocess.Popen:
    parent = os.getpid()
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            # In a session of its own, Ctrl-C in the terminal ends pytest first.
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(parent),
            user=USER,
            group=USER,
            extra_groups=[] if USER else None,
        )


def wait_until_ready(
    programs: Path, folder: Path, postgres: subprocess.Popen, port: int = 5432
) -> None:
    place = "--host", folder, "--port", str(port)
    asked: list[str | Path] = [programs / "pg_isready", "--quiet", *place]
    end = time.monotonic() + START_S
    while subprocess.run(asked, check=False).returncode:
        if postgres.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"PostgreSQL doesn't start:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
