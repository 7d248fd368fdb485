"""The settings under which the tests run: the real ones, in folders of their own.

Set before the real ones are read, so that no test ever touches somebody's data, `.env` or model.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="ahfai-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ |= {
    "ENV_FILE": "none",
    "DATA_DIR": str(_folder / "data"),
    "KEYS_DIR": str(_folder / "data-keys"),
    # Nothing listens on the discard port; a test that needs a model brings its own server.
    "MODEL_SERVER": "ollama",
    "OLLAMA_URL": "http://127.0.0.1:9",
    # Tests count and script the calls of a model; those about titles switch them on.
    "TITLES": "no",
}

from ahfai.settings import *  # noqa: E402, F403
from ahfai.settings import DATABASES, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir()
if DATABASES["default"]["ENGINE"] == "ahfai.sqlite":
    # A file, because threads that share a database in memory lock each other out at once.
    DATABASES["default"]["TEST"] = {"NAME": _folder / "test.sqlite3"}
