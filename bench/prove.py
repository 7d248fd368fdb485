"""`make prove`: the long checks in full and the measurements, kept in `docs/figures.md`."""

import datetime
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "figures.md"


def main() -> None:
    tests = run([sys.executable, "-m", "pytest", "-m", "prove", "-v", "-rA"], fine=(0, 5))
    parts = [
        "# Figures",
        f"Measured by `make prove` on {datetime.date.today():%Y-%m-%d}: {machine()}.",  # noqa: DTZ011
        "## An idle installation, without a model",
        idle(),
        "## Sealing",
        f"```\n{run([sys.executable, 'bench/sealing.py']).strip()}\n```",
        "## Long checks, in full",
        results(tests),
    ]
    FIGURES.write_text("\n\n".join(parts) + "\n")
    print(f"Written to {FIGURES.relative_to(ROOT)}.")
    if "FAILED" in tests or "ERROR" in tests:
        raise SystemExit(1)


def idle() -> str:
    """Measured in an environment of its own, with nothing in it that only tests need."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ahfai"
        run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy)])
        run(["make", "--silent", ".venv/.installed-run"], copy)
        return run([".venv/bin/python", "bench/idle.py"], copy).strip()


def results(tests: str) -> str:
    lines = re.findall(r"^(PASSED|FAILED|ERROR) (\S+)", tests, re.M)
    rows = [
        f"| {name.rpartition('::')[2].replace('_', ' ')} | {how.lower()} |" for how, name in lines
    ]
    return "\n".join(["| check | result |", "|---|---|", *rows]) if rows else "None yet."


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def run(command: list[str], where: Path = ROOT, fine: tuple[int, ...] = (0, 1)) -> str:
    """Its output. A failed check is a result; a command that can't run ends the whole."""
    ended = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if ended.returncode not in {*fine, 0, 1}:
        raise SystemExit(f"{' '.join(command)}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout


if __name__ == "__main__":
    main()
