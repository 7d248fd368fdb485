"""The settings: a wrong value stops the start with a sentence that names it."""

import os
import runpy
import stat
import subprocess
import sys

import pytest
from django.conf import settings

READ = str(settings.BASE_DIR / "ahfai" / "settings.py")
NAMES = {
    "DATA_DIR",
    "KEYS_DIR",
    "SECRET_KEY",
    "MASTER_KEY",
    "MASTER_KEY_FILE",
    "DEBUG",
    "BIND",
    "PORT",
    "SITE_URL",
    "SIGN_UP",
    "ALLOW_PLAIN_HTTP",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "MODEL_SERVER",
    "OLLAMA_URL",
    "OPENAI_URL",
    "MODEL_FILE",
}


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Read the settings anew, as on a fresh machine with just the given environment."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENV_FILE", "none")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def read_them(**environment: str) -> dict:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(READ)

    return read_them


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DEBUG", "perhaps"),
        ("SIGN_UP", "everyone"),
        ("SITE_URL", "ahfai.example"),
        ("OLLAMA_URL", "http://host:port"),
        ("MODEL_SERVER", "cloud"),
        ("MODEL_FILE", "/no/such/file.gguf"),
        ("DATABASE_URL", "mysql://somewhere/ahfai"),
        ("SECRET_KEY", "short"),
        ("NUM_CTX", "12"),
        ("RUNS_PER_USER", "0"),
        ("BUILTIN_MODEL", "huge"),
        ("KEYS_DIR", "DATA"),
        ("BIND", "0.0.0.0"),
        ("MODEL_SERVER", "openai"),
    ],
)
def test_a_wrong_value_stops_the_start_and_is_named(read, tmp_path, name, value):
    value = str(tmp_path / "data" / "keys") if value == "DATA" else value
    with pytest.raises(SystemExit, match=rf"AhFai can't start: .*\b{name}\b"):
        read(**{name: value})


def test_a_database_password_is_never_repeated(read):
    with pytest.raises(SystemExit) as stopped:
        read(DATABASE_URL="mysql://me:opensesame@somewhere/ahfai")
    assert "opensesame" not in str(stopped.value)


def test_a_fresh_start_makes_keys_for_the_owner_of_the_files_alone(read, tmp_path):
    read()
    files = sorted((tmp_path / "data-keys").iterdir())
    assert [file.name for file in files] == ["master.key", "secret.key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_start_finds_the_same_keys(read, tmp_path):
    first = read()["SECRET_KEY"]
    master = (tmp_path / "data-keys" / "master.key").read_bytes()
    assert read()["SECRET_KEY"] == first
    assert (tmp_path / "data-keys" / "master.key").read_bytes() == master


def test_no_new_master_key_is_made_beside_sealed_data(read, tmp_path):
    read()
    (tmp_path / "data" / "ahfai.sqlite3").touch()
    (tmp_path / "data-keys" / "master.key").unlink()
    with pytest.raises(SystemExit, match="recovery copy"):
        read()
    assert not (tmp_path / "data-keys" / "master.key").exists()


def test_sign_up_is_by_invitation_where_others_can_reach_it(read):
    assert read()["SIGN_UP"] == "open"
    assert read(BIND="0.0.0.0", SITE_URL="https://ahfai.example")["SIGN_UP"] == "invite"


def test_behind_https_the_cookies_are_bound_to_the_host(read):
    found = read(SITE_URL="https://ahfai.example")
    for cookie in ("SESSION", "CSRF"):
        assert found[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert found[f"{cookie}_COOKIE_SECURE"]
        assert found[f"{cookie}_COOKIE_HTTPONLY"]


def _run(tmp_path, *command: str, **environment: str) -> subprocess.CompletedProcess:
    """`command` in a process without pytest, where the settings are those of a real start."""
    known = {name: value for name, value in os.environ.items() if name not in NAMES}
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=known
        | {"ENV_FILE": "none", "DATA_DIR": str(tmp_path / "data")}
        | {"DJANGO_SETTINGS_MODULE": "ahfai.settings"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_passwords_are_hashed_with_bcrypt_and_twelve_rounds(tmp_path):
    code = "from django.contrib.auth.hashers import make_password; print(make_password('x'))"
    assert _run(tmp_path, "-c", code).stdout.startswith("bcrypt_sha256$$2b$12$")


def test_production_settings_pass_every_check(tmp_path):
    done = _run(
        tmp_path,
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        SITE_URL="https://ahfai.example",
        BIND="0.0.0.0",
    )
    assert done.returncode == 0, done.stderr


def test_every_change_of_a_model_has_its_migration(tmp_path):
    done = _run(tmp_path, "manage.py", "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout
