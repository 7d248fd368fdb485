"""How much of AhFai's own code its tests run, lines and branches, on both databases together.

    python bench/covered.py                    the whole suite
    python bench/covered.py accounts/tests …   what these tests alone run, on SQLite

It counts in every process that tests start: those of pytest, web processes, workers, commands. A
process that is killed with -9 says nothing. Prints a table in Markdown and what isn't run; ends
with 1 where the total, or a part that has to be whole, is not as `TOTAL` and `WHOLE` say.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
# Percent of all lines and branches.
TOTAL = 90
# Of these each line and each branch, by what they answer for.
WHOLE = {
    "sealing": (
        "ahfai/crypto.py",
        "accounts/fields.py",
        "accounts/files.py",
        "accounts/sealing/keys.py",
        "accounts/sealing/key_archive.py",
        "accounts/sealing/lookup.py",
        "accounts/sealing/resealing.py",
        "accounts/sealing/rotating.py",
        "accounts/models/key.py",
        "accounts/models/file.py",
    ),
    "access": (
        "ahfai/access.py",
        "ahfai/clients.py",
        "ahfai/limits.py",
        "ahfai/middleware.py",
        "ahfai/problems.py",
        "accounts/programs/api_access.py",
        "accounts/programs/idempotency.py",
        "accounts/constraints.py",
        "accounts/programs/jwts.py",
        "accounts/middleware.py",
        "accounts/ownership.py",
        "accounts/sign_in/reauthentication.py",
        "accounts/sessions.py",
        "accounts/programs/tokens.py",
        "accounts/models/session.py",
        "accounts/models/token.py",
    ),
    "delivery": (
        "ahfai/courier.py",
        "ahfai/outbound.py",
        "ahfai/signing.py",
        "ahfai/webpush/__init__.py",
        "ahfai/webpush/encryption.py",
        "ahfai/webpush/vapid.py",
        "accounts/programs/webhooks.py",
        "accounts/programs/webhook_sending.py",
        "accounts/models/webhook.py",
        "reminders/channels/__init__.py",
        "reminders/channels/gotify.py",
        "reminders/channels/http.py",
        "reminders/channels/mail.py",
        "reminders/channels/message.py",
        "reminders/channels/ntfy.py",
        "reminders/channels/push.py",
        "reminders/channels/target.py",
        "reminders/channels/webhook.py",
        "reminders/delivering.py",
        "reminders/digests.py",
        "reminders/due.py",
        "reminders/notices.py",
        "reminders/outside.py",
        "reminders/quiet.py",
        "reminders/telling.py",
        "reminders/wording.py",
        "reminders/models/channel.py",
        "reminders/models/delivery.py",
        "reminders/models/notice.py",
    ),
}


def main() -> None:
    table, is_enough = measured(sys.argv[1:])
    print(table)
    if not is_enough:
        raise SystemExit("That is not enough.")


def measured(paths: list[str]) -> tuple[str, bool]:
    """A table, with what isn't run below it, and whether it is enough."""
    with tempfile.TemporaryDirectory() as folder:
        # Where each process leaves what it counted, wherever it runs.
        where = os.environ | {"COVERAGE_FILE": str(Path(folder) / "counted")}
        coverage = [sys.executable, "-m", "coverage"]
        if paths:
            _run([*coverage, "run", "-m", "pytest", *paths], where)
        else:
            _run([*coverage, "run", "-m", "pytest", *AT_ONCE], where)
            _run([*coverage, "run", "-m", "ahfai.tests.postgres", *AT_ONCE, "--whole"], where)
        report = Path(folder) / "report.json"
        subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, env=where, check=True)
        subprocess.run(
            [*coverage, "json", "--quiet", "-o", str(report)], cwd=ROOT, env=where, check=True
        )
        return _said(json.loads(report.read_text()))


def _run(command: list[str], environment: dict[str, str]) -> None:
    """What it prints is of the tests. A test that fails counts as run, and is said."""
    ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
    if ended.returncode:
        print(f"Some tests failed, or there were none ({ended.returncode}).", file=sys.stderr)


def _said(report: dict) -> tuple[str, bool]:
    total = report["totals"]["percent_covered"]
    rows = ["| code | lines and branches that tests run | aim |", "|---|---|---|"]
    rows.append(f"| all | {total:.1f} % | ≥ {TOTAL} % |")
    gaps = []
    for part, names in WHOLE.items():
        found = [report["files"].get(name) for name in names]
        counted = [one["summary"] for one in found if one]
        ran = sum(one["covered_lines"] + one.get("covered_branches", 0) for one in counted)
        there = sum(one["num_statements"] + one.get("num_branches", 0) for one in counted)
        rows.append(f"| {part} | {100 * ran / max(there, 1):.1f} % | 100 % |")
        gaps += [_gap(name, one) for name, one in zip(names, found, strict=True)]
    missing = [f"- {gap}" for gap in gaps if gap]
    return "\n".join([*rows, "", *missing]).strip(), total >= TOTAL and not missing


def _gap(name: str, counted: dict | None) -> str:
    """What isn't run of a module that has to be whole; nothing where all is."""
    if counted is None:
        return f"`{name}`: nothing of it"
    lines = [str(line) for line in counted["missing_lines"]]
    branches = [f"{a} → {b if b > 0 else 'end'}" for a, b in counted.get("missing_branches", [])]
    return f"`{name}`: {', '.join([*lines, *branches])}" if lines or branches else ""


if __name__ == "__main__":
    main()
