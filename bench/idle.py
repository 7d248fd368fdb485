"""What an idle installation costs: `python bench/idle.py`.

Starts AhFai twice in a folder of its own, without a model, and prints as a table: how long both
starts take, the memory of all its processes (PSS: what is shared counts once), and the disk that a
run needs. Beside them stands one Python process that has only loaded Django with these settings.
Run it from an environment with `requirements.lock` only, else the disk is too large.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MB, LIMIT_DISK_MB, LIMIT_S = 150, 170, 2.0
MB = 1024 * 1024
# After a while without work, as a machine stands there most of the day.
SETTLE_S = 20
STARTS = 5
BARE = "import django; django.setup(); print('is ready', flush=True); input()"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        first_s, _ = start(folder, "manage.py", "serve")
        second_s = median(start(folder, "manage.py", "serve")[0] for _ in range(STARTS))
        _, memory = start(folder, "manage.py", "serve", settle_s=SETTLE_S)
        data = size_of(Path(folder))
        bare_s = median(start(folder, "-c", BARE)[0] for _ in range(STARTS))
        _, bare_memory = start(folder, "-c", BARE, settle_s=1)
    parts = ("accounts", "ahfai", "chats", "notes", "reminders", "static", "templates")
    program = sum(size_of(ROOT / part) for part in parts)
    environment = size_of(Path(sys.prefix))
    disk = environment + program + data
    print("| what | measured | to hold | baseline |")
    print("|---|---|---|---|")
    print(f"| first start, to the first page | {first_s:.2f} s | | |")
    print(
        f"| second start, to the first page (median of {STARTS}) | {second_s:.2f} s "
        f"| {LIMIT_S:.0f} s | {bare_s:.2f} s, Django alone |"
    )
    print(
        f"| memory of all processes, idle (PSS) | {memory / MB:.0f} MB | {LIMIT_MB} MB "
        f"| {bare_memory / MB:.0f} MB, Django alone |"
    )
    print(
        f"| disk: .venv, program, data | {disk / MB:.0f} MB | {LIMIT_DISK_MB} MB "
        f"| {environment / MB:.0f} MB, the packages in .venv |"
    )


def start(folder: str, *command: str, settle_s: float = 0) -> tuple[float, float]:
    """Seconds until it said that it is ready, and bytes of memory `settle_s` later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "ahfai.settings",
        "ENV_FILE": "none",
        "DATA_DIR": f"{folder}/data",
        "KEYS_DIR": f"{folder}/keys",
        "PORT": str(port),
        "MODEL_SERVER": "ollama",
    }
    # Where this is set, each start compiles all of AhFai anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        if not any("is ready" in line for line in process.stdout):
            raise SystemExit("It doesn't start.")
        seconds = time.monotonic() - began
        time.sleep(settle_s)
        memory = sum(pss(pid) for pid in family(process.pid))
        process.send_signal(signal.SIGTERM)
    return seconds, memory


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)[1]) * 1024


def size_of(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += 0 if path.is_symlink() else path.lstat().st_blocks * 512
    return total


if __name__ == "__main__":
    main()
