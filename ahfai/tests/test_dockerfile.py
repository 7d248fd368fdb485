"""What the images of the Dockerfile may be and hold. Its steps are run by bench/try_image.py."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from bench.try_image import steps

pytestmark = pytest.mark.same_everywhere

ROOT = Path(settings.BASE_DIR)
STEPS = list(steps((ROOT / "Dockerfile").read_text()))


def of(word: str) -> list[str]:
    return [rest for one, rest in STEPS if one == word]


def test_each_stage_has_a_name_and_starts_from_a_named_version_or_another_stage():
    stages: set[str] = set()
    for rest in of("FROM"):
        source, _as, name = rest.partition(" AS ")
        assert source in stages or re.fullmatch(r"python:3\.\d+-slim-[a-z]+", source), rest
        assert name
        stages.add(name)


def test_it_is_the_python_that_the_tests_run_with_at_least():
    python = re.search(r"python:(\S+?)-", of("FROM")[0])[1]
    assert f'requires-python = ">={python}"' in (ROOT / "pyproject.toml").read_text()


def test_every_package_is_installed_by_its_hash():
    installs = [rest for rest in of("RUN") if re.search("pip --python .* install ", rest)]
    assert len(installs) == 2
    for one in installs:
        assert "--require-hashes --no-deps" in one
        assert re.search(r"-r \S+\.lock", one)


def stage(name: str) -> list[tuple[str, str]]:
    begins = next(n for n, step in enumerate(STEPS) if step == ("FROM", f"run AS {name}"))
    own = STEPS[begins + 1 :]
    return own[: next((n for n, (word, _rest) in enumerate(own) if word == "FROM"), len(own))]


@pytest.mark.parametrize("name", ["builtin", "production"])
def test_an_image_runs_as_nobody_special(name):
    assert stage(name)[-1] == ("USER", "10001:10001")


def test_production_has_no_pip():
    assert any(rest.startswith("python -m pip uninstall") for _run, rest in stage("production"))


def test_who_names_no_target_gets_the_image_of_production():
    assert of("FROM")[-1].endswith(" AS production")


def test_no_secret_is_in_it():
    for word in ("ARG", "ENV"):
        assert not [rest for rest in of(word) if re.search("KEY=|PASSWORD|SECRET|TOKEN", rest)]
    # Everything is named that goes into it, so nothing can slip in.
    assert not [rest for rest in of("COPY") if re.match(r"(\./?|\*|/)\s", rest)]
    assert not of("ADD")


def test_every_program_that_it_copies_is_there():
    for rest in of("COPY"):
        if not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists()


def test_all_apps_are_in_it():
    copied = {rest.split()[0] for rest in of("COPY")}
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert apps - {"bench"} <= copied


def test_what_is_private_stays_out_of_what_an_engine_is_sent():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".*", "data", "data-keys", "deploy", "**/tests"} <= {*ignored}
