"""`make prove`: the long checks in full and the measurements, kept in `docs/figures.md`.

What people wrote there under the heading `NOTES` stays as it is.
"""

import datetime
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from covered import AT_ONCE, measured

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FIGURES = ROOT / "docs" / "figures.md"
ON_POSTGRESQL = [
    "ahfai/tests/test_kill.py",
    "ahfai/tests/test_migrations.py",
    "ahfai/tests/test_api_fuzz.py",
    "reminders/tests/test_kill.py",
]
NOTES = "## What falls short, and why"


def main() -> None:
    notes = FIGURES.read_text().partition(NOTES)[2] if FIGURES.exists() else ""
    covered, is_enough = measured([])
    checks, all_passed = long_checks()
    parts = [
        "# Figures",
        f"Measured by `make prove` on {datetime.date.today():%Y-%m-%d}: {machine()}.",  # noqa: DTZ011
        "## An idle installation, without a model",
        idle(),
        "## From a question to the last word, beside a bare client",
        run([sys.executable, "bench/streams.py"]),
        "## What tools, notes and facts add to the first token",
        run([sys.executable, "bench/first_token.py"]),
        "## Lists and search, with 10,000 chats of 10 messages of 400 characters",
        run([sys.executable, "bench/search.py"]),
        run([sys.executable, "bench/search.py", "--notes", "10000", "--others", "100000"]),
        "## Import and export of 5,000 notes",
        run([sys.executable, "bench/import_notes.py"]),
        "## Everything out, in again and gone",
        run([sys.executable, "bench/leaving.py", "--chats", "10000", "--notes", "10000"]),
        "## Many reminders due at once",
        run([sys.executable, "bench/notices.py"]),
        "## Messages that leave AhFai, by one worker",
        run([sys.executable, "bench/outside.py"]),
        "## What a chat costs a browser that has never been here",
        run([sys.executable, "bench/chat_page.py"]),
        "## The page of a long chat",
        run([sys.executable, "bench/long_chat.py"]),
        "## Backup and restore",
        run([sys.executable, "bench/backup.py"]),
        "## Many replicas under load, and one part after the other lost",
        # A missed aim stands in the table; without nginx, PostgreSQL and a cache there is none.
        run([sys.executable, "bench/scale.py"], fine=(0, 1, 2)),
        "## From a thousand messages to a million, from ten people to ten thousand",
        run([sys.executable, "bench/flat.py"]),
        "## A person's day, and what more people need",
        # For docs/scaling.md; none without PostgreSQL.
        run([sys.executable, "bench/day.py"], fine=(0, 2)),
        "## Sealing",
        run([sys.executable, "bench/sealing.py"]),
        "## The container image",
        run([sys.executable, "bench/try_image.py"]),
        "## All tests on PostgreSQL, also those that no database changes",
        on_postgresql := whole_on_postgresql(),
        "## What tests run of the code",
        covered,
        "## What deploy/ has, by the rules of those who read it",
        run([sys.executable, "bench/check_deploy.py"], fine=(0, 1)),
        "## Long checks, in full",
        checks,
        f"{NOTES}\n\n{notes.strip()}" if notes.strip() else "",
    ]
    FIGURES.write_text("\n\n".join(filter(None, parts)) + "\n")
    print(f"Written to {FIGURES.relative_to(ROOT)}.")
    if not (all_passed and is_enough and "failed" not in on_postgresql):
        raise SystemExit("A check failed; see the tables there.")


def machine() -> str:
    import ahfai  # noqa: F401 (takes the pinned SQLite)

    from sqlite3 import sqlite_version  # isort: skip

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite_version}"
    )


def idle() -> str:
    """Measured in an environment of its own, with nothing in it that only tests need."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ahfai"
        run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy)])
        run(["make", "--silent", ".venv/.installed-run"], copy)
        return run([".venv/bin/python", "bench/idle.py"], copy)


def whole_on_postgresql() -> str:
    """The last line that pytest says; nothing where there is no PostgreSQL."""
    command = [sys.executable, "-m", "ahfai.tests.postgres", *AT_ONCE, "--whole", "-o", "addopts="]
    said = run([*command, "-p", "no:schemathesis", "-m", "not prove"], fine=(0, 1)).splitlines()
    return said[-1].strip("= ") if said else ""


def long_checks() -> tuple[str, bool]:
    """A table of the tests marked `prove`, and whether all of them passed."""
    rows = ["| check | count | result | found | took |", "|---|---|---|---|---|"]
    all_passed = True
    for name, count, case in [*cases("pytest"), *cases("ahfai.tests.postgres", *ON_POSTGRESQL)]:
        passed = not {"failure", "error", "skipped"} & {child.tag for child in case}
        all_passed = all_passed and passed
        found = "; ".join(
            f"{one.attrib['name']}: {one.attrib['value']}" for one in case.iter("property")
        )
        rows.append(
            f"| {name} | {count} "
            f"| {'passed' if passed else 'failed'} | {found} | {float(case.attrib['time']):.0f} s |"
        )
    return "\n".join(rows), all_passed


def cases(runner: str, *paths: str) -> Iterator[tuple[str, str, ElementTree.Element]]:
    """Each test's name and count, and its part of the report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", runner, *paths, "-m", "prove", f"--junitxml={report}"]
        # The older family is the one that may hold what a test found.
        run([*command, "-o", "junit_family=xunit1"], fine=(0, 1))
        if not report.exists():
            return  # Here is no PostgreSQL.
        for case in ElementTree.parse(report).iter("testcase"):
            name, _, count = case.attrib["name"].removeprefix("test_").partition("[")
            where = ", on PostgreSQL" if paths else ""
            yield name.replace("_", " ") + where, count.rstrip("]").replace("-", " × "), case


def run(command: list[str], where: Path = ROOT, fine: tuple[int, ...] = (0,)) -> str:
    """Its output. A failed check is a result; a command that can't run ends the whole."""
    ended = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if ended.returncode not in fine:
        raise SystemExit(f"{' '.join(command)}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout.strip()


if __name__ == "__main__":
    main()
