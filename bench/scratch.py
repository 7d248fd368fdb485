"""A database of its own for a measurement, in a folder that goes with it."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(**settings: str) -> Iterator[None]:
    """Django is set up on an empty, migrated database, and no model server answers, unless the
    settings say something else."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="ahfai.settings",
            ENV_FILE="none",
            DATA_DIR=f"{folder}/data",
            KEYS_DIR=f"{folder}/keys",
            MODEL_SERVER="ollama",
            OLLAMA_URL="http://127.0.0.1:9",
        )
        os.environ.update(settings)
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield
