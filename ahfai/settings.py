"""All settings of AhFai, driven by the environment and by `.env`.

A wrong value stops the start with a sentence that names it. Every name read here is listed in
`.env.example`.
"""

import base64
import hashlib
import io
import ipaddress
import os
import re
import secrets
import socket
import sys
import zoneinfo
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from ahfai.files import create_once

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()


class WrongSetting(SystemExit):
    """Stops the start with a sentence; a traceback would bury it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"AhFai can't start: {sentence}")


def _read_file() -> set[str]:
    """`.env`, or the file that ENV_FILE names; `ENV_FILE=none` reads none. Returns its names."""
    named = os.environ.get("ENV_FILE", "").strip()
    path = BASE_DIR / (named or ".env")
    if named == "none" or not (named or path.exists()):
        return set()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise WrongSetting(f"ENV_FILE {path} can't be read: {reason}.") from None
    env.read_env(io.StringIO(text))
    return set(re.findall(r"^\s*(?:export\s+)?([A-Za-z_0-9]+)\s*=", text, re.MULTILINE))


_in_file = _read_file()
_known = {"ENV_FILE"}


def _text(name: str, default: str = "") -> str:
    """An empty value is no value. Read as it stands: a key may begin with a dollar sign."""
    _known.add(name)
    return os.environ.get(name, "").strip() or default


def _flag(name: str, default: bool) -> bool:
    value = _text(name, str(default)).lower()
    if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise WrongSetting(f"{name} must be yes or no, and it is {value!r}.")
    return value in {"true", "1", "yes", "on"}


def _number(name: str, default: int, low: int, high: int) -> int:
    value = _text(name, str(default))
    if not (re.fullmatch("[0-9]{1,9}", value) and low <= int(value) <= high):
        raise WrongSetting(
            f"{name} must be a whole number from {low} to {high}, and it is {value!r}."
        )
    return int(value)


def _choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = _text(name, default)
    for choice in choices:
        if choice.lower() == value.lower():
            return choice
    raise WrongSetting(f"{name} must be one of {', '.join(choices)}, and it is {value!r}.")


def _address(name: str, default: str) -> str:
    value = _text(name, default).rstrip("/")
    if value and not _is_address(value):
        raise WrongSetting(f"{name} must be an address like http://host:port, and it is {value!r}.")
    return value


def _addresses(name: str, default: str) -> str:
    """Those of one or several servers, with commas between them and nothing else."""
    found = [one.strip().rstrip("/") for one in _text(name, default).split(",") if one.strip()]
    for number, one in enumerate(found, 1):
        if not _is_address(one):
            # It may hold a password, so nothing of it is repeated.
            raise WrongSetting(
                f"{name} must be an address like http://host:port, or several with commas between "
                f"them, and number {number} of them is none."
            )
        if len(one) > 200:
            raise WrongSetting(f"{name} has an address of more than 200 characters.")
    # A name and password before the host make no other server of it.
    if len({re.sub("//.*@", "//", one.lower()) for one in found}) < len(found):
        raise WrongSetting(f"{name} names a server twice.")
    return ",".join(found)


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(
            parts.scheme in {"http", "https"}
            and parts.hostname
            and (parts.port is None or parts.port > 0)
            and not (parts.query or parts.fragment or re.search(r"\s", value))
        )
    except ValueError:
        return False


def _names(name: str) -> list[str]:
    """Names of hosts, with commas between them."""
    names = [one.strip().lower() for one in _text(name).split(",") if one.strip()]
    for one in names:
        if not re.fullmatch(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", one):
            raise WrongSetting(
                f"{name} must be names like ahfai.example, without http:// and port, and one of "
                f"them is {one!r}."
            )
    return names


def _targets(name: str) -> frozenset[str]:
    """`host:port`, with commas between them; an IPv6 address in brackets and its shortest form."""
    targets = set()
    for one in filter(None, (one.strip().lower() for one in _text(name).split(","))):
        found = re.fullmatch(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\]):([0-9]{1,5})", one)
        try:
            host, port = (found[1], int(found[2])) if found else ("", 0)
            if host.startswith("["):
                host = f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            port = 0
        if not 0 < port < 65_536:
            raise WrongSetting(
                f"{name} must be targets like ntfy.lan:8080 or [fd00::1]:443, and one of them is "
                f"{one!r}."
            )
        targets.add(f"{host}:{port}")
    return frozenset(targets)


def _origins(name: str) -> list[str]:
    """Exact origins (RFC 6454), with commas between them: https, or http on this machine."""
    origins = []
    for one in filter(None, (one.strip().lower() for one in _text(name).split(","))):
        found = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", one)
        is_here = found and re.fullmatch(r"(.+\.)?localhost|127\.0\.0\.1|\[::1\]", found[2])
        port = int(found[3] or 1) if found else 0
        if not (found and (found[1] == "https" or is_here) and 0 < port < 65_536):
            raise WrongSetting(
                f"{name} must be origins like https://app.example, without a path and without *, "
                f"with http:// only on this machine, and one of them is {one!r}."
            )
        # As browsers write them: without the port that goes without saying.
        usual = {"https": "443", "http": "80"}[found[1]]
        origins.append(one.removesuffix(f":{usual}") if found[3] == usual else one)
    return origins


def _path(name: str, default: Path) -> Path:
    """Where it isn't absolute, beside this program."""
    try:
        return (BASE_DIR / Path(_text(name, str(default))).expanduser()).resolve()
    except (OSError, RuntimeError, ValueError):
        raise WrongSetting(f"{name} must be the path of a file or folder.") from None


# --- Where things lie -------------------------------------------------------------------------

DATA_DIR = _path("DATA_DIR", BASE_DIR / "data")
# Beside the data folder, never in it: a copy of the data alone opens nothing.
KEYS_DIR = _path("KEYS_DIR", DATA_DIR.with_name(DATA_DIR.name + "-keys"))
MASTER_KEY = _text("MASTER_KEY")
BACKUP_DIR = _path("BACKUP_DIR", DATA_DIR / "backups")
# By the worker; in the default folder only before the tables change, and when somebody says so.
BACKUP_DAILY = bool(_text("BACKUP_DIR"))
BACKUP_KEEP = _number("BACKUP_KEEP", 14, 1, 10_000)
BACKUP_BEFORE_MIGRATING = _flag("BACKUP_BEFORE_MIGRATING", True)
POSTGRES_BIN = _path("POSTGRES_BIN", Path()) if _text("POSTGRES_BIN") else None
# Made by accounts.sealing.keys at the first start: it asks the database whether this is the first.
MASTER_KEY_FILE = _path("MASTER_KEY_FILE", KEYS_DIR / "master.key")
for _name, _place in (("KEYS_DIR", KEYS_DIR), ("MASTER_KEY_FILE", MASTER_KEY_FILE)):
    if _place.is_relative_to(DATA_DIR):
        raise WrongSetting(
            f"{_name} must lie outside DATA_DIR, so that a copy of the data opens nothing."
        )
    if _place.is_relative_to(BACKUP_DIR) or BACKUP_DIR.is_relative_to(KEYS_DIR):
        raise WrongSetting(
            f"BACKUP_DIR must lie apart from {_name}, so that a copy of the backups opens nothing."
        )


def _kept_secret(name: str, file: str, letters: int) -> tuple[str, str]:
    """What the setting says, or else the file in KEYS_DIR, made at the first start; and how to
    begin a sentence about what is wrong with it."""
    value = _text(name)
    if value:
        return value, name
    path = KEYS_DIR / file
    if not path.exists():
        create_once(path, secrets.token_urlsafe(letters))
    value = path.read_text(errors="replace").strip()
    return value, f"what is in {path} is damaged. Remove that file: {name}"


def _secret_key() -> str:
    value, about = _kept_secret("SECRET_KEY", "secret.key", 64)
    if len(value) < 50:
        raise WrongSetting(f"{about} must have at least 50 characters.")
    return value


def _vapid_key() -> str:
    """A private key as programs for Web Push write it: 32 bytes."""
    value, about = _kept_secret("VAPID_KEY", "vapid.key", 32)
    is_written = re.fullmatch("[A-Za-z0-9_-]{43}=?", value)
    number = int.from_bytes(base64.urlsafe_b64decode(value[:43] + "=")) if is_written else 0
    # Just below the number of that curve's points.
    if not 0 < number < 0xFFFFFFFF << 224:
        raise WrongSetting(f"{about} must be a private key of P-256 in base64 for addresses.")
    return value


try:
    DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    SECRET_KEY = _secret_key()
    VAPID_KEY = _vapid_key()
except OSError as error:
    raise WrongSetting(
        f"DATA_DIR or KEYS_DIR can't be used: {error.strerror}: {error.filename}"
    ) from None

# --- How it is reached ------------------------------------------------------------------------

DEBUG = _flag("DEBUG", False)
BIND = _text("BIND", "127.0.0.1")
if BIND == "localhost":
    BIND = "127.0.0.1"
try:
    LOOPBACK = ipaddress.ip_address(BIND).is_loopback
except ValueError:
    raise WrongSetting(
        f"BIND must be an address of this machine like 127.0.0.1 or 0.0.0.0, and it is {BIND!r}."
    ) from None
PORT = _number("PORT", 8000, 1, 65535)
SITE_URL = _address("SITE_URL", f"http://localhost:{PORT}")
_site = urlsplit(SITE_URL)
if _site.path:
    raise WrongSetting(f"SITE_URL must be an address without a path, and it is {SITE_URL!r}.")
_site_name = f"[{_site.hostname}]" if ":" in (_site.hostname or "") else str(_site.hostname)
IS_HTTPS = _site.scheme == "https"
ALLOW_PLAIN_HTTP = _flag("ALLOW_PLAIN_HTTP", False)
if not LOOPBACK and not IS_HTTPS and not ALLOW_PLAIN_HTTP:
    raise WrongSetting(
        f"BIND is {BIND}, so others on the network could listen in. Set SITE_URL to the https "
        "address of the proxy in front of AhFai, or ALLOW_PLAIN_HTTP=yes if you accept that."
    )
# The names of this machine for itself are for those that look whether AhFai is up. No page of
# another site can borrow them: a browser sends the name that it looked up (DNS rebinding).
ALLOWED_HOSTS = [
    *_names("ALLOWED_HOSTS"),
    *(_site_name, "localhost", "127.0.0.1", "[::1]"),
]
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"] if IS_HTTPS else []
if IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Asked by programs. Those that read calendars or use the API would go on over plain HTTP,
    # unnoticed: they are refused there, by the view.
    SECURE_REDIRECT_EXEMPT = [
        *(r"^health$", r"^ready$", r"^metrics$", r"^reminders/feeds/.+\.ics$", r"^api/"),
    ]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
# How many proxies stand in front, each of which adds an address to X-Forwarded-For.
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0, 0, 9)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Front ends on other origins may use the API, and no page: with a token, never with a cookie.
CORS_ALLOWED_ORIGINS = _origins("CORS_ORIGINS")
CORS_URLS_REGEX = "^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_ALLOW_HEADERS = (
    *("accept-language", "authorization", "content-type", "idempotency-key", "if-match"),
    *("if-none-match", "last-event-id"),
)
CORS_EXPOSE_HEADERS = (
    *(
        "content-disposition",
        "etag",
        "link",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
    ),
    *("www-authenticate", "x-request-id"),
)
CORS_PREFLIGHT_MAX_AGE = 3600

SIGN_UP = _choice("SIGN_UP", "open" if LOOPBACK else "invite", ("open", "invite", "closed"))

# --- Parts ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "ahfai.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "csp",
    "corsheaders",
    "ahfai",
    "accounts",
    "notes",
    "reminders",
    "chats",
]

MIDDLEWARE = [
    "ahfai.middleware.number_requests",
    "ahfai.middleware.say_what_browsers_may_do",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ahfai.static_versions.serve_versions",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ahfai.bundles.serve_bundles",
    "ahfai.middleware.refuse_what_no_text_holds",
    "ahfai.middleware.refuse_other_sites",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ahfai.middleware.SignInRequired",
    "accounts.middleware.SecondFactorRequired",
    "ahfai.middleware.RoomRequired",
    "ahfai.middleware.keep_private_pages_out_of_caches",
    "accounts.middleware.note_the_use_of_a_session",
    "accounts.middleware.note_who_writes",
    "accounts.middleware.use_the_persons_time_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "ahfai.urls"
# For what stands below the search and may not import it: see ahfai.seeking.
SEARCH = "ahfai.search.search"
# For the admin pages, likewise.
NOTE_A_LOOK = "accounts.audit.note_a_look"
WSGI_APPLICATION = "ahfai.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_loaders: list = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": (
                _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)]
            ),
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chats.context_processors.recent_chats",
                "reminders.context_processors.bell",
            ],
            "libraries": {"linked": "ahfai.linked"},
            "builtins": ["django_htmx.templatetags.django_htmx", "ahfai.templatetags.house"],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------

_database_url = _text("DATABASE_URL")
_replica_url = _text("DATABASE_REPLICA_URL")
SQLITE = {
    "ENGINE": "ahfai.sqlite",
    "NAME": DATA_DIR / "ahfai.sqlite3",
    "CONN_MAX_AGE": 60,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
            "PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON; PRAGMA cache_size=-4000;"
        ),
    },
    "TEST": {"NAME": None},
}
# In seconds. What nobody waits for any more ends, and no transaction waits for a network; what may
# take longer says so.
POSTGRES_LIMITS = {
    "statement_timeout": 300,
    "lock_timeout": 20,
    "idle_in_transaction_session_timeout": 60,
}
# The most connections of one process; threads that wait for the model hold none.
DATABASE_POOL = _number("DATABASE_POOL", 16, 4, 1000)
PGBOUNCER = _flag("PGBOUNCER", False)


def _postgres(given: dict) -> dict:
    """How PostgreSQL is used, whatever its address says beside."""
    limits = [f"-c {name}={seconds}s" for name, seconds in POSTGRES_LIMITS.items()]
    # PgBouncer takes none of PostgreSQL's own. What the address says comes last, and counts.
    ours = [] if PGBOUNCER else limits
    given = given | {"options": " ".join(filter(None, [*ours, given.get("options")]))}
    options = {
        "application_name": "ahfai",
        "connect_timeout": 3,
        # A machine that is gone without a word is noticed after 15 seconds.
        "tcp_user_timeout": 15_000,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
    }
    return {
        "ENGINE": "ahfai.postgres",
        "CONN_MAX_AGE": 0,
        # PgBouncer ends a cursor with its transaction.
        "DISABLE_SERVER_SIDE_CURSORS": PGBOUNCER,
        "OPTIONS": options | given | {"pool": {"max_size": DATABASE_POOL}},
    }


def _at(name: str, said: str) -> dict:
    # Where there is none, nobody needs its library.
    from ahfai.postgres import address

    try:
        found = address.read(said)
    except address.NoAddress:
        raise WrongSetting(
            f"{name} must be an address like postgres://user:password@host/name, in a password "
            "with %40 for @, %2F for / and %25 for %, and after a ? only what libpq knows. SQLite "
            "needs none."
        ) from None
    return found | _postgres(found["OPTIONS"])


def _is_one_server(one: dict, other: dict) -> bool:
    """Where both name several hosts, what is looked for there tells them apart."""
    return all(one[part] == other[part] for part in ("NAME", "HOST", "PORT")) and all(
        one["OPTIONS"].get(part) == other["OPTIONS"].get(part)
        for part in ("service", "target_session_attrs")
    )


DATABASES: dict[str, dict]
if _replica_url and not _database_url:
    raise WrongSetting("DATABASE_REPLICA_URL needs DATABASE_URL, which it is a replica of.")
if _database_url:
    DATABASES = {"default": _at("DATABASE_URL", _database_url)}
    if _replica_url:
        # Nobody waits for it: what it doesn't tell at once is asked of the other.
        DATABASES["replica"] = _at("DATABASE_REPLICA_URL", _replica_url) | {
            "PATIENCE_S": 0.5,
            "TEST": {"MIRROR": "default"},
        }
        DATABASE_ROUTERS = ["ahfai.replica.Router"]
        if _is_one_server(DATABASES["default"], DATABASES["replica"]):
            raise WrongSetting("DATABASE_REPLICA_URL must be another server than DATABASE_URL.")
else:
    DATABASES = {"default": SQLITE}


def _cache_url() -> str:
    """As the library knows it: Valkey speaks what Redis does."""
    scheme, _separator, place = _text("CACHE_URL").partition("://")
    if not scheme:
        return ""
    known = {"redis": "redis", "valkey": "redis", "rediss": "rediss", "valkeys": "rediss"}
    address = f"{known.get(scheme, scheme)}://{place}"
    if not _is_place_of_a_cache(address):
        # It may hold a password, so nothing of it is repeated.
        raise WrongSetting(
            "CACHE_URL must be like valkey://:password@host:6379/0, rediss://… or unix:///path, in "
            "a password with %40 for @, %2F for /, %23 for # and %25 for %, and after a ? only "
            "what redis-py knows."
        )
    return address


def _is_place_of_a_cache(address: str) -> bool:
    # Where there is none, nobody needs its library.
    import redis

    try:
        parts = urlsplit(address)
        # It refuses nothing of what comes after ? before it connects. Nothing is asked here.
        redis.ConnectionPool.from_url(address).make_connection()
    except (ValueError, TypeError, redis.RedisError):
        return False
    # What is no number there comes from a password with a / in it.
    has_place = re.fullmatch("/?[0-9]*", parts.path) and parts.hostname
    return bool(parts.path if parts.scheme == "unix" else has_place) and not parts.fragment


CACHE_URL = _cache_url()
CACHES: dict[str, dict] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if CACHE_URL:
    CACHES["default"] = {
        "BACKEND": "ahfai.cache.Cache",
        "LOCATION": CACHE_URL,
        # Several installations may share a server.
        "KEY_PREFIX": hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:16],
        "OPTIONS": {
            "serializer": "ahfai.cache.Plain",
            # In seconds: what takes longer is had from elsewhere sooner.
            "socket_connect_timeout": 0.3,
            "socket_timeout": 0.3,
        },
    }

# --- People -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "accounts.sign_in.password_rules.NotNamedAfterThisPlace"})
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = "accounts.sessions"
# From signing in, however often it is used.
SESSION_COOKIE_AGE = _number("SESSION_DAYS", 30, 1, 365) * 24 * 3600
SESSION_IDLE_HOURS = _number("SESSION_IDLE_HOURS", 12, 1, 24 * 365)
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
KNOWN_BROWSER_COOKIE = "__Host-known" if IS_HTTPS else "known"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ahfai.views.form_expired"

ACCOUNT_ADAPTER = "accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "accounts.sign_in.sign_up.CountedSignUpForm",
    "login": "accounts.sign_in.door_forms.SignInPage",
    "change_password": "accounts.sign_in.door_forms.PasswordPage",
    "reauthenticate": "accounts.sign_in.door_forms.AgainPage",
}
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignUpForm"
ACCOUNT_EMAIL_VERIFICATION = "none"
# How long the link in a mail works, in seconds.
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
# Counted by the cache there, which loses counts between processes; ours are in the database.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "accounts.sign_in.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
# Browsers know a passkey by the name of the site, which must be one, and trust only TLS with it,
# or the machine itself (WebAuthn, 5.1.2 and 13.4.9).
HAS_PASSKEYS = bool(
    (IS_HTTPS and re.search("[a-z]", str(_site.hostname)) and ":" not in str(_site.hostname))
    or re.fullmatch(r"(.+\.)?localhost", str(_site.hostname))
)
# Without mail no address is verified when somebody signs up.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "AhFai"
# The code before and the one after count, too: clocks of phones differ.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 10
REQUIRE_SECOND_FACTOR = _flag("REQUIRE_SECOND_FACTOR", False)
SIGN_INS_PER_HOUR = _number("SIGN_INS_PER_HOUR", 20, 1, 100_000)

# --- E-mail -----------------------------------------------------------------------------------


def _mail_server() -> dict:
    """By EMAIL_URL. Without one mails go to the terminal of a developer and nowhere else: what the
    program prints is kept as its log."""
    value = _text("EMAIL_URL", "consolemail://" if DEBUG else "dummymail://")
    try:
        return env.email_url_config(value)
    except Exception:  # noqa: BLE001 (the address holds a password, so nothing of it is repeated)
        raise WrongSetting(
            "EMAIL_URL must be an address like smtp+tls://user:password@host:587."
        ) from None


_mail = _mail_server()
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
if EMAIL_BACKEND.endswith("smtp.EmailBackend") and not _mail["EMAIL_HOST"]:
    raise WrongSetting("EMAIL_URL must name the host of the mail server.")
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"] or "", _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"]
# In seconds, for each word of the talk with the server.
EMAIL_TIMEOUT = 5
HAS_MAIL = DEBUG or not EMAIL_BACKEND.endswith("dummy.EmailBackend")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _text("EMAIL_FROM", f"AhFai <ahfai@{_site.hostname}>")
if not re.fullmatch(r"[^<>\r\n]+@[^\s<>]+|[^<>\r\n]*<[^\s<>]+@[^\s<>]+>", DEFAULT_FROM_EMAIL):
    raise WrongSetting(
        f"EMAIL_FROM must be like AhFai <ahfai@example.org>, and it is {DEFAULT_FROM_EMAIL!r}."
    )

# --- Notices that go out ----------------------------------------------------------------------

NOTIFY_ALLOW = _targets("NOTIFY_ALLOW")

# --- The model server -------------------------------------------------------------------------

MODEL_SERVER = _choice("MODEL_SERVER", "auto", ("auto", "ollama", "openai", "builtin"))
# One address, or several with commas between them.
OLLAMA_URL = _addresses("OLLAMA_URL", "http://127.0.0.1:11434")
OLLAMA_MODEL = _text("OLLAMA_MODEL", "llama3.1:8b")
# A model of Ollama that makes vectors, by which notes are found that mean what is asked.
OLLAMA_EMBED_MODEL = _text("OLLAMA_EMBED_MODEL")
OPENAI_URL = _addresses("OPENAI_URL", "")
OPENAI_KEY = _text("OPENAI_KEY")
if MODEL_SERVER == "openai" and not OPENAI_URL:
    raise WrongSetting("MODEL_SERVER is openai, so OPENAI_URL must say where that server is.")
BUILTIN_MODEL = _choice("BUILTIN_MODEL", "regular", ("regular", "small", "test"))
MODEL_FILE = _path("MODEL_FILE", Path()) if _text("MODEL_FILE") else None
if MODEL_FILE and not MODEL_FILE.is_file():
    raise WrongSetting(f"MODEL_FILE names {MODEL_FILE}, and no such file is there.")
NUM_CTX = _number("NUM_CTX", 8192, 512, 1_048_576)
NUM_PREDICT = _number("NUM_PREDICT", 2048, 1, 1_048_576)
OLLAMA_PARALLEL = _number("OLLAMA_PARALLEL", 1, 1, 1024)
RUNS_PER_USER = _number("RUNS_PER_USER", 2, 1, 64)
TITLES = _flag("TITLES", True)
FIRST_BYTE_S = _number("FIRST_BYTE_S", 900, 5, 7200)
LINE_S = _number("LINE_S", 120, 1, 3600)
SEARCH_MEMORY_MB = _number("SEARCH_MEMORY_MB", 128, 1, 65_536)
DRAIN_S = _number("DRAIN_S", 5, 0, 3600)
LAME_DUCK_S = _number("LAME_DUCK_S", 0, 0, 600)

# --- Processes --------------------------------------------------------------------------------

WEB_PROCESSES = _number("WEB_PROCESSES", 1, 1, 64)
# Fewer than 9 would leave none for replies: see chats.watching.
WEB_THREADS = _number("WEB_THREADS", 160, 9, 512)


def _host_name() -> str:
    """Where a process id means the same process: neither machines nor containers that share a
    name do it (pid_namespaces(7), random(4)), nor does a machine before and after its start."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()}:{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


HOST_NAME = _host_name()

# --- Pages ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = _text("TIME_ZONE", "UTC")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (KeyError, ValueError, OSError):
    raise WrongSetting(
        f"TIME_ZONE must be the name of a time zone like Europe/Brussels, and it is {TIME_ZONE!r}."
    ) from None
USE_TZ = True
USE_I18N = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR.with_name(DATA_DIR.name + "-static")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# Under its plain name; under the one with a version in it, a file is kept for good.
WHITENOISE_MAX_AGE = 0
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "ahfai.static_versions.Versioned"},
}
# What a person uploads stays in memory: Django would write larger files to a folder, unsealed.
FILE_UPLOAD_HANDLERS = ["ahfai.uploads.InMemory"]
UPLOAD_MB = _number("UPLOAD_MB", 20, 1, 512)
QUOTA_MB = _number("QUOTA_MB", 1000, 1, 1_048_576)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
MESSAGE_STORAGE = "ahfai.message_cookie.MessageCookie"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Looked at by machines ---------------------------------------------------------------------

METRICS_TOKEN = _text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 24:
    raise WrongSetting("METRICS_TOKEN must have at least 24 characters.")

# --- Logs: never a query string, a body or an error's text from a page -------------------------

LOG_REQUESTS = _flag("LOG_REQUESTS", False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "ahfai.logs.ErrorsByPlace"},
        "json": {"()": "ahfai.logs.Json"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": _choice("LOG_FORMAT", "line", ("line", "json")),
        }
    },
    "root": {
        "handlers": ["console"],
        "level": _choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
    },
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "urllib3": {"level": "WARNING"},
        "ahfai.requests": {"level": "INFO" if LOG_REQUESTS else "WARNING"},
    },
}

# In the file, and read by nothing here: for other programs, or misspelt.
NOT_OURS = sorted(_in_file - _known)
OURS = sorted(_known)

if "pytest" in sys.modules:
    # A cheap hasher for tests only; the real one has a test of its own.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
