"""A machine that can't run the built-in model is told so before a gigabyte is fetched."""

import sys
import threading

import pytest

from chats.builtin import engine, keeper, machine
from chats.builtin.weights import TEST, Progress
from chats.tests.conftest import wait_until

CPUINFO = "processor\t: 0\nmodel name\t: Any\nflags\t\t: fpu avx avx2 fma {}\nbugs\t\t:\n"


@pytest.mark.parametrize(("more", "missing"), [("f16c bmi2", set()), ("bmi1", {"f16c", "bmi2"})])
def test_the_processors_flags_are_read(tmp_path, more, missing):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(CPUINFO.format(more))
    assert machine.NEEDED_FLAGS - machine.cpu_flags(cpuinfo) == missing


def test_an_old_processor_is_named_with_what_it_lacks(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(machine, "cpu_flags", lambda: frozenset({"fma", "f16c"}))
    assert "AVX2, BMI2" in machine.what_it_lacks()


def test_a_missing_library_comes_with_its_command(monkeypatch):
    monkeypatch.setattr(machine, "cpu_flags", lambda: machine.NEEDED_FLAGS)
    monkeypatch.setattr(machine, "has_openmp", lambda: False)
    assert "apt install libgomp1" in machine.what_it_lacks()


def test_nothing_is_fetched_for_a_machine_that_cant_run_it(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "what_it_lacks", lambda: "Too old.")
    assert _first_failure(tmp_path).sentence == "Too old."
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_cant_be_installed_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "what_it_lacks", lambda: "")
    monkeypatch.setattr(engine, "is_installed", lambda: False)
    monkeypatch.setattr(engine, "_command", lambda: [sys.executable, "-c", "raise SystemExit(1)"])
    assert "can't be installed" in _first_failure(tmp_path).sentence


def _first_failure(folder) -> Progress:
    said: list[Progress] = []
    stopping = threading.Event()
    thread = threading.Thread(
        target=keeper.keep,
        kwargs={
            "weights": TEST,
            "folder": folder,
            "port": 1,
            "key": "key",
            "model_file": None,
            "threads": 1,
            "report": said.append,
            "restart_wanted": lambda: False,
            "stopping": stopping,
        },
    )
    thread.start()
    try:
        return wait_until(lambda: next((one for one in said if one.state == "failed"), None))
    finally:
        stopping.set()
        thread.join(10)
