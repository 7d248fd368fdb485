"""What a test needs and a machine may lack: a program, a model."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test, or fail it where AHFAI_NO_SKIP is set, as it is where all has to run."""
    if os.environ.get("AHFAI_NO_SKIP"):
        pytest.fail(reason)
    pytest.skip(reason)
