"""What an idle installation costs: `python bench/idle.py`.

Starts AhFai twice in a folder of its own, without a model, and prints as a table: the time of the
second start, the memory of all its processes (PSS: what is shared counts once), and the disk that a
run needs. Run it from an environment with `requirements.lock` only, else the disk is too large.
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

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MB, LIMIT_DISK_MB, LIMIT_S = 150, 170, 2.0
MB = 1024 * 1024
# After a while without work, as a machine stands there most of the day.
SETTLE_S = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        start_once(folder)
        seconds, memory = start_once(folder)
        data = size_of(Path(folder))
    program = sum(
        size_of(ROOT / part)
        for part in ("accounts", "ahfai", "chats", "notes", "reminders", "static", "templates")
    )
    environment = size_of(Path(sys.prefix))
    print("| what | measured | to hold |")
    print("|---|---|---|")
    print(f"| second start, to the first page | {seconds:.2f} s | {LIMIT_S:.0f} s |")
    print(f"| memory of all processes, idle (PSS) | {memory / MB:.0f} MB | {LIMIT_MB} MB |")
    disk = environment + program + data
    print(f"| disk: .venv, program, data | {disk / MB:.0f} MB | {LIMIT_DISK_MB} MB |")


def start_once(folder: str) -> tuple[float, float]:
    """Seconds until the address was printed, and bytes of memory some seconds after."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=os.environ
        | {
            "ENV_FILE": "none",
            "DATA_DIR": f"{folder}/data",
            "PORT": str(port),
            "MODEL_SERVER": "ollama",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        for line in process.stdout:
            if "is ready" in line:
                break
        seconds = time.monotonic() - began
        time.sleep(SETTLE_S)
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
