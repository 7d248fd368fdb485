"""What an environment needn't hold is taken out of it after installing."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.same_everywhere

READ = [
    "django/conf/locale/__init__.py",
    "django/conf/locale/__pycache__/__init__.pyc",
    "django/conf/locale/de/LC_MESSAGES/django.mo",
    "django/conf/locale/de/formats.py",
    "django/conf/locale/en/LC_MESSAGES/django.mo",
    "django/test/client.py",
    "ninja/main.py",
    "pip/__main__.py",
    # Nothing that `strip` knows how to make smaller.
    "pysqlite3/_sqlite3.so",
]
NOT_READ = [
    "django/contrib/admin/locale/de/LC_MESSAGES/django.mo",
    "django/conf/locale/de/LC_MESSAGES/django.po",
    "django/conf/locale/en/LC_MESSAGES/django.po",
    "allauth/locale/fr/LC_MESSAGES/django.mo",
    "icalendar/tests/test_time.py",
    "ninja/static/ninja/swagger-ui.css",
    "pip/_internal/__pycache__/main.pyc",
]


def test_what_is_read_stays_and_the_rest_goes(tmp_path):
    packages = tmp_path / "lib/python3.11/site-packages"
    for name in READ + NOT_READ:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    slim = Path(settings.BASE_DIR, "deploy/slim")
    for _each in ("once", "and when there is nothing left to do"):
        subprocess.run([slim, tmp_path], check=True)
    left = [str(one.relative_to(packages)) for one in packages.rglob("*") if one.is_file()]
    assert sorted(left) == sorted(READ)
    assert not (packages / "allauth/locale/fr").exists()
