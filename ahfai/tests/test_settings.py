"""The settings: a wrong value stops the start with a sentence that names it."""

import os
import re
import runpy
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

READ = str(settings.BASE_DIR / "ahfai" / "settings.py")
# Every setting, as the list for people has it.
NAMES = set(
    re.findall(r"^#([A-Z_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE)
)


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Read the settings anew, as on a fresh machine with just the given environment."""
    for name in NAMES:
        # Set first, so that what a file of settings brings is taken back, too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
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
        ("DATABASE_URL", "postgres://somewhere"),
        ("DATABASE_URL", "postgres://somewhere:port/ahfai"),
        ("DATABASE_URL", "postgres://somewhere:0/ahfai"),
        ("DATABASE_URL", "postgres://somewhere/ahfai?sslmod=require"),
        ("DATABASE_URL", "postgres://me:pass@word@somewhere/ahfai"),
        ("DATABASE_URL", "postgres://me:pass/word@somewhere/ahfai"),
        ("DATABASE_URL", "postgres://me:100%@somewhere/ahfai"),
        ("DATABASE_URL", "host=somewhere dbname=ahfai"),
        ("DATABASE_REPLICA_URL", "postgres://somewhere/ahfai"),
        ("DATABASE_POOL", "1"),
        ("CACHE_URL", "memcached://somewhere"),
        ("CACHE_URL", "valkey:///no-host"),
        ("CACHE_URL", "somewhere:6379"),
        ("CACHE_URL", "valkey://somewhere:port/0"),
        ("CACHE_URL", "valkey://somewhere/zero"),
        ("CACHE_URL", "valkey://somewhere/0?bogus=1"),
        ("CACHE_URL", "valkey://:pass/word@somewhere/0"),
        ("CACHE_URL", "valkey://:pass#word@somewhere/0"),
        ("SECRET_KEY", "short"),
        ("NUM_CTX", "12"),
        ("RUNS_PER_USER", "0"),
        ("BUILTIN_MODEL", "huge"),
        ("KEYS_DIR", "DATA"),
        ("MASTER_KEY_FILE", "DATA"),
        ("DATA_DIR", "FILE"),
        ("DATA_DIR", "~nobody-here/data"),
        ("BIND", "0.0.0.0"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app.example, http://app.example"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", "https://app.example/"),
        ("CORS_ORIGINS", "https://a@app.example"),
        ("CORS_ORIGINS", "https://app.example:0"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "http://localhost.example"),
        ("BIND", "my-machine"),
        ("MODEL_SERVER", "openai"),
        ("LOG_LEVEL", "LOUD"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "Europe"),
        ("TIME_ZONE", "/etc/passwd"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "https://ahfai.example"),
        ("ALLOWED_HOSTS", "ahfai.example:8000"),
        ("SITE_URL", "https://host.example/ahfai"),
        ("SITE_URL", "http://[host"),
        ("OLLAMA_URL", "http://host/?a=b"),
        ("OLLAMA_URL", "http://one:1 http://two:2"),
        ("OLLAMA_URL", "http://one:1,two:2"),
        ("OLLAMA_URL", "http://one:1,http://me:secret@ONE:1/"),
        ("OPENAI_URL", "http://host:0"),
        ("WEB_THREADS", "1_000"),
        ("WEB_THREADS", "8"),
        ("WEB_PROCESSES", "-1"),
        ("DRAIN_S", "2.5"),
        ("LINE_S", "9" * 5000),
        ("ENV_FILE", "/no/such/file"),
        ("ENV_FILE", "/"),
        ("VAPID_KEY", "short"),
        ("VAPID_KEY", "A" * 43),
        ("VAPID_KEY", "_" * 43),
        ("NOTIFY_ALLOW", "ntfy.lan"),
        ("NOTIFY_ALLOW", "http://ntfy.lan:80"),
        ("NOTIFY_ALLOW", "ntfy.lan:0"),
        ("NOTIFY_ALLOW", "*:80"),
        ("NOTIFY_ALLOW", "[fd00::zz]:80"),
    ],
)
def test_a_wrong_value_stops_the_start_and_is_named(read, tmp_path, name, value):
    file = tmp_path / "file"
    file.touch()
    value = {"DATA": str(tmp_path / "data" / "keys"), "FILE": str(file)}.get(value, value)
    with pytest.raises(SystemExit, match=rf"AhFai can't start: .*\b{name}\b"):
        read(**{name: value})


def test_a_wrong_address_of_a_model_server_is_not_repeated_with_its_password(read):
    with pytest.raises(SystemExit, match="number 2 of them") as stopped:
        read(OLLAMA_URL="http://one:1,http://me:secret@two:2?a=b")
    assert "secret" not in str(stopped.value)


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize("name", sorted(NAMES - {"DATA_DIR"}))
def test_an_empty_value_is_no_value(read, name, empty):
    ours = NAMES | {"ALLOWED_HOSTS", "DATABASES"}
    untouched = {one: value for one, value in read().items() if one in ours}
    found = read(**{name: empty})
    assert {one: value for one, value in found.items() if one in ours} == untouched


@pytest.mark.parametrize(
    ("name", "value", "read_as"),
    [
        ("PORT", " 9000 ", 9000),
        ("DEBUG", " Yes", True),
        ("MODEL_SERVER", "OLLAMA ", "ollama"),
        ("OLLAMA_URL", "http://host:1/ ", "http://host:1"),
        ("OLLAMA_URL", "http://one:1/ , https://two:2,", "http://one:1,https://two:2"),
        ("OPENAI_KEY", "$not-a-variable", "$not-a-variable"),
        ("BIND", "localhost", "127.0.0.1"),
        ("NOTIFY_ALLOW", "Ntfy.lan:80, [FD00:0::1]:443,", {"ntfy.lan:80", "[fd00::1]:443"}),
    ],
)
def test_a_value_is_read_as_it_is_meant(read, name, value, read_as):
    assert read(**{name: value})[name] == read_as


def test_origins_are_read_as_browsers_write_them(read):
    found = read(CORS_ORIGINS="https://App.example:443,http://localhost:5173, http://[::1]:80")
    assert found["CORS_ALLOWED_ORIGINS"] == [
        *("https://app.example", "http://localhost:5173", "http://[::1]"),
    ]


def test_a_relative_path_lies_beside_the_program_wherever_it_is_started(
    read, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    found = read(MASTER_KEY="1:x", MASTER_KEY_FILE="keys/master.key")
    assert found["MASTER_KEY_FILE"] == settings.BASE_DIR / "keys" / "master.key"


def test_a_value_in_the_file_gives_way_to_the_environment(read, tmp_path):
    file = tmp_path / "settings"
    file.write_text("PORT=9001\n# A comment=1\nexport WEB_THREADS=9\nPROT=9\n")
    found = read(ENV_FILE=str(file), PORT="9002")
    assert (found["PORT"], found["WEB_THREADS"]) == (9002, 9)
    assert found["NOT_OURS"] == ["PROT"]


def test_every_name_in_the_list_for_people_is_read(read):
    assert set(read()["OURS"]) == NAMES | {"ENV_FILE"}


@pytest.mark.parametrize("file", ["secret.key", "vapid.key"])
def test_a_damaged_key_is_told(read, tmp_path, file):
    read()
    (tmp_path / "data-keys" / file).write_bytes(b"\xff\n")
    with pytest.raises(SystemExit, match=rf"{file} is damaged"):
        read()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ALLOWED_HOSTS": "other.example, third.example"},
        {"BIND": "0.0.0.0", "ALLOWED_HOSTS": "other.example"},
    ],
)
def test_the_sites_own_name_and_this_machines_are_always_answered(read, given):
    found = read(SITE_URL="https://ahfai.example", **given)["ALLOWED_HOSTS"]
    assert {"ahfai.example", "localhost", "127.0.0.1"} <= set(found)
    assert ("third.example" in found) == ("third.example" in given.get("ALLOWED_HOSTS", ""))


def test_a_process_id_is_never_looked_for_in_another_container_or_machine(read):
    """They can have one host name, and each of them a process 1."""
    host, boot, namespace = read()["HOST_NAME"].split(":")
    assert host == socket.gethostname()
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert namespace == str(os.stat("/proc/self/ns/pid").st_ino)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://me:opensesame@somewhere/ahfai"),
        ("DATABASE_URL", "postgres://me:opensesame%@somewhere/ahfai"),
        ("CACHE_URL", "valkey://:opensesame/@somewhere"),
    ],
)
def test_a_password_is_never_repeated(read, name, value):
    with pytest.raises(SystemExit) as stopped:
        read(**{name: value})
    assert "opensesame" not in str(stopped.value)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("postgresql://me:p%40ss%2F@somewhere:5433/ahfai", "somewhere", "5433"),
        ("postgres://me:p%40ss%2F@[fd00::1]/ahfai", "fd00::1", ""),
        ("postgres://me:p%40ss%2F@[fd00::1]:5433,db-2/ahfai", "fd00::1,db-2", "5433,"),
        ("postgres://me:p%40ss%2F@%2Frun%2Fpostgresql/ahfai", "/run/postgresql", ""),
        ("postgres://me:p%40ss%2F@/ahfai?host=/run/postgresql", "/run/postgresql", ""),
    ],
)
def test_the_address_of_a_database_is_read_as_libpq_reads_it(read, address, host, port):
    found = read(DATABASE_URL=address)["DATABASES"]["default"]
    parts = ("USER", "PASSWORD", "HOST", "PORT", "NAME")
    assert [found[part] for part in parts] == ["me", "p@ss/", host, port, "ahfai"]


@pytest.mark.parametrize("pgbouncer", ["no", "yes"])
def test_what_an_address_sets_in_postgresql_comes_beside_the_limits(read, pgbouncer):
    address = "postgres://somewhere/ahfai?options=-csearch_path%3Dours"
    found = read(DATABASE_URL=address, PGBOUNCER=pgbouncer)["DATABASES"]["default"]["OPTIONS"]
    limits, own = found["options"].rpartition(" ")[::2]
    assert own == "-csearch_path=ours"
    assert ("statement_timeout=300s" in limits) == (pgbouncer == "no")


def test_the_folder_of_a_socket_may_stand_before_the_name_of_the_database(read):
    found = read(DATABASE_URL="postgres:////run/postgresql/ahfai")["DATABASES"]["default"]
    assert (found["HOST"], found["NAME"]) == ("/run/postgresql", "ahfai")


def test_a_fresh_start_makes_keys_for_the_owner_of_the_files_alone(read, tmp_path):
    read()
    files = sorted((tmp_path / "data-keys").iterdir())
    assert [file.name for file in files] == ["secret.key", "vapid.key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_start_finds_the_same_keys(read, tmp_path):
    first, second = read(), read()
    for name in ("SECRET_KEY", "VAPID_KEY"):
        assert first[name] == second[name]


def test_sign_up_is_by_invitation_where_others_can_reach_it(read):
    assert read()["SIGN_UP"] == "open"
    assert read(BIND="0.0.0.0", SITE_URL="https://ahfai.example")["SIGN_UP"] == "invite"


BINDS = ("127.0.0.1", "::1", "0.0.0.0", "::", "192.168.1.7")
SITES = ("", "http://ahfai.lan:8000", "https://ahfai.example")


@pytest.mark.parametrize("allowed", ["", "yes"])
@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("bind", BINDS)
def test_what_others_can_reach_starts_behind_https_alone_or_where_one_says_so(
    read, bind, site, allowed
):
    given = {"BIND": bind, "SITE_URL": site, "ALLOW_PLAIN_HTTP": allowed}
    is_ours, is_https = bind in {"127.0.0.1", "::1"}, site.startswith("https")
    if not (is_ours or is_https or allowed):
        with pytest.raises(SystemExit) as stopped:
            read(**given)
        assert str(stopped.value) == (
            f"AhFai can't start: BIND is {bind}, so others on the network could listen in. Set "
            "SITE_URL to the https address of the proxy in front of AhFai, or "
            "ALLOW_PLAIN_HTTP=yes if you accept that."
        )
        return
    found = read(**given)
    assert found["SIGN_UP"] == ("open" if is_ours else "invite")
    assert found["SESSION_COOKIE_SECURE"] == found["CSRF_COOKIE_SECURE"] == is_https
    # Nobody is to believe a header about TLS where no proxy is declared.
    assert ("SECURE_PROXY_SSL_HEADER" in found) == is_https
    assert found.get("SECURE_SSL_REDIRECT", False) == is_https
    for mode in ("open", "invite", "closed"):
        assert read(**given, SIGN_UP=mode)["SIGN_UP"] == mode


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


def test_a_database_is_no_replica_of_itself(read):
    address = "postgres://ahfai@somewhere/ahfai"
    with pytest.raises(SystemExit, match="another server"):
        read(DATABASE_URL=address, DATABASE_REPLICA_URL=address)


def test_several_hosts_may_be_the_database_and_its_replica_whichever_is_which(read):
    several = "postgres://ahfai@one,two/ahfai?target_session_attrs="
    read(DATABASE_URL=f"{several}read-write", DATABASE_REPLICA_URL=f"{several}standby")
    with pytest.raises(SystemExit, match="another server"):
        read(DATABASE_URL=f"{several}any", DATABASE_REPLICA_URL=f"{several}any")
