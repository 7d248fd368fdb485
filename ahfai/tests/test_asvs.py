"""docs/asvs.md stays true: what it names is there, and it has a line for each requirement."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.same_everywhere

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docs" / "asvs.md").read_text()
# How many requirements of levels 1 and 2 each chapter of 5.0.0 has that AhFai answers one by one.
REQUIREMENTS = {
    **dict(zip(range(1, 10), (27, 11, 19, 10, 9, 35, 18, 7, 7), strict=True)),
    **dict(zip(range(11, 17), (14, 9, 13, 9, 13, 16), strict=True)),
}


@cache
def _tests(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_test_that_is_named_exists():
    named = re.findall(r"`([\w/.]+\.py)::(\w+)`", TEXT)
    assert len(named) > 150
    missing = [f"{path}::{test}" for path, test in named if test not in _tests(path)]
    assert missing == []


def test_each_answer_names_a_test_or_a_file():
    answers = TEXT.partition("## Cryptography in use")[0].splitlines()
    for line in answers:
        if re.match(r"\| (?!no\.|threat|-)", line):
            shown_by = re.findall(r"`([^`]+)`", line.rpartition(" | ")[2])
            assert shown_by, line
            for name in shown_by:
                assert (ROOT / name.partition("::")[0]).exists(), name


def test_each_requirement_has_its_line():
    cells = re.findall(r"^\| ([\d., –]+) \|", TEXT, re.MULTILINE)
    numbers = [number for cell in cells for number in _each(cell)]
    assert len(numbers) == len(set(numbers))
    found = Counter(int(number.partition(".")[0]) for number in numbers)
    assert found == REQUIREMENTS


def _each(cell: str) -> list[str]:
    """The numbers of "1.2.6, 1.2.7" or "4.4.1 – 4.4.4"."""
    numbers = re.findall(r"\d+\.\d+\.\d+", cell)
    if "–" not in cell:
        return numbers
    section, _dot, first = numbers[0].rpartition(".")
    return [f"{section}.{n}" for n in range(int(first), int(numbers[1].rpartition(".")[2]) + 1)]
