"""What a process has in memory before anybody asks for it."""

import json
import re
import subprocess
import sys
from types import ModuleType

import pytest
from django.conf import settings
from django.core.management import call_command

from ahfai.on_demand import OnDemand

pytestmark = pytest.mark.same_everywhere

# As `serve` loads it before it forks, and the worker on top.
PROGRAM = """
import json, sys
import django
django.setup()
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver, resolve, reverse
get_wsgi_application()
get_resolver()._populate()
import ahfai.serving.start, ahfai.worker
from django.core.management import load_command_class
worker = load_command_class("ahfai", "worker")
worker.check(tags=worker.requires_system_checks)
packages = {name.partition(".")[0] for name in sys.modules}
status = open("/proc/self/status").read()
view = resolve("/api/chats").func
print(json.dumps([status, sorted(packages), view.answers_programs, reverse("api:docs")]))
"""

OF_THE_API = ("ninja", "pydantic", "pydantic_core", "jwt")
OF_OTHER_SERVERS = ("redis", "psycopg", "psycopg_pool")
OF_WORDS_AND_FILES = ("icalendar", "pygments", "math_core", "nh3", "pypdf")
OF_TESTS = ("pytest", "unittest")


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> list:
    folder = tmp_path_factory.mktemp("loading")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env={
            "DATA_DIR": str(folder / "data"),
            "DJANGO_SETTINGS_MODULE": "ahfai.settings",
            "ENV_FILE": "none",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "package", [*OF_THE_API, *OF_OTHER_SERVERS, *OF_WORDS_AND_FILES, *OF_TESTS]
)
def test_an_installation_that_doesnt_use_it_doesnt_load_it(told, package):
    assert package not in told[1]


def test_what_the_processes_share_leaves_room_for_what_each_adds(told):
    """150 MB are to hold for all of them together, which bench/idle.py measures. Half of what they
    take is this."""
    shared_mb = int(re.search(r"RssAnon:\s+(\d+) kB", told[0])[1]) / 1024
    assert shared_mb < 75


def test_the_api_is_there_as_soon_as_somebody_asks_for_it(told):
    assert told[2:] == [True, "/api/docs"]


def test_what_is_loaded_later_and_is_broken_stops_the_start(settings):
    """The child that prepares the start makes Django's checks."""
    settings.ROOT_URLCONF = ModuleType("addresses")
    settings.ROOT_URLCONF.urlpatterns = [OnDemand("broken/", "ahfai.not_there", namespace="broken")]
    with pytest.raises(ModuleNotFoundError, match="not_there"):
        call_command("check")
