"""All settings of AhFai, driven by the environment and by `.env`.

A wrong value stops the start with a sentence that names it. Every name read here is listed in
`.env.example`.
"""

import base64
import os
import secrets
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if os.environ.get("ENV_FILE", "yes") != "none":
    env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))


class WrongSetting(SystemExit):
    """Stops the start with a sentence; a traceback would bury it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"AhFai can't start: {sentence}")


def _read(name, reader, default, wish):
    try:
        return reader(name, default=default)
    except (ValueError, environ.ImproperlyConfigured):
        raise WrongSetting(f"{name} must be {wish}, and it is {os.environ.get(name)!r}.") from None


def _text(name: str, default: str = "") -> str:
    return env.str(name, default=default).strip()


def _flag(name: str, default: bool) -> bool:
    value = _text(name, str(default)).lower()
    if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise WrongSetting(f"{name} must be yes or no, and it is {value!r}.")
    return value in {"true", "1", "yes", "on"}


def _number(name: str, default: int, low: int, high: int) -> int:
    wish = f"a whole number from {low} to {high}"
    value = _read(name, env.int, default, wish)
    if not low <= value <= high:
        raise WrongSetting(f"{name} must be {wish}, and it is {value}.")
    return value


def _choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = _text(name, default).lower()
    if value not in choices:
        raise WrongSetting(f"{name} must be one of {', '.join(choices)}, and it is {value!r}.")
    return value


def _address(name: str, default: str) -> str:
    value = _text(name, default).rstrip("/")
    parts = urlsplit(value)
    try:
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1)
    except ValueError:
        usable = False
    if value and not usable:
        raise WrongSetting(f"{name} must be an address like http://host:port, and it is {value!r}.")
    return value


# --- Where things lie -------------------------------------------------------------------------

DATA_DIR = Path(_text("DATA_DIR", str(BASE_DIR / "data"))).expanduser().resolve()
# Beside the data folder, never in it: a copy of the data alone opens nothing.
KEYS_DIR = (
    Path(_text("KEYS_DIR", str(DATA_DIR.with_name(DATA_DIR.name + "-keys")))).expanduser().resolve()
)
if KEYS_DIR == DATA_DIR or DATA_DIR in KEYS_DIR.parents:
    raise WrongSetting(
        "KEYS_DIR must lie outside DATA_DIR, so that a copy of the data opens nothing."
    )


def _make_file_once(path: Path, text: str) -> None:
    """Create a 0600 file unless it is there; two processes that start together agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _secret_key() -> str:
    value = _text("SECRET_KEY")
    if value:
        if len(value) < 50:
            raise WrongSetting("SECRET_KEY must have at least 50 characters.")
        return value
    path = KEYS_DIR / "secret.key"
    if not path.exists():
        _make_file_once(path, secrets.token_urlsafe(64))
    return path.read_text().strip()


try:
    DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    SECRET_KEY = _secret_key()
    MASTER_KEY = _text("MASTER_KEY")
    MASTER_KEY_FILE = Path(_text("MASTER_KEY_FILE", str(KEYS_DIR / "master.key")))
    if not MASTER_KEY and not MASTER_KEY_FILE.exists():
        if any(DATA_DIR.glob("*.sqlite3")):
            raise WrongSetting(
                f"the master key {MASTER_KEY_FILE} is missing, but {DATA_DIR} holds data sealed "
                "with it. Put your recovery copy back; a new key could open none of it."
            )
        _make_file_once(
            MASTER_KEY_FILE,
            f"{secrets.token_hex(4)}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}\n",
        )
except OSError as error:
    raise WrongSetting(
        f"DATA_DIR or KEYS_DIR can't be used: {error.strerror}: {error.filename}"
    ) from None

# --- How it is reached ------------------------------------------------------------------------

DEBUG = _flag("DEBUG", False)
BIND = _text("BIND", "127.0.0.1")
PORT = _number("PORT", 8000, 1, 65535)
SITE_URL = _address("SITE_URL", f"http://localhost:{PORT}")
_site = urlsplit(SITE_URL)
IS_HTTPS = _site.scheme == "https"
LOOPBACK = BIND in {"127.0.0.1", "::1", "localhost"}
ALLOW_PLAIN_HTTP = _flag("ALLOW_PLAIN_HTTP", False)
if not LOOPBACK and not IS_HTTPS and not ALLOW_PLAIN_HTTP:
    raise WrongSetting(
        f"BIND is {BIND}, so others on the network could listen in. Set SITE_URL to the https "
        "address of the proxy in front of AhFai, or ALLOW_PLAIN_HTTP=yes if you accept that."
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or list(
    dict.fromkeys([_site.hostname or "localhost", "localhost", "127.0.0.1"])
)
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"] if IS_HTTPS else []
if IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

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
    "template_partials",
    "django_htmx",
    "csp",
    "ahfai",
    "accounts",
    "notes",
    "reminders",
    "chats",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "ahfai.middleware.refuse_other_sites",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "ahfai.middleware.keep_private_pages_out_of_caches",
    "accounts.middleware.use_the_persons_time_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "ahfai.urls"
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
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chats.context_processors.recent_chats",
            ],
            "builtins": ["django_htmx.templatetags.django_htmx", "ahfai.templatetags.house"],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------

_database_url = _text("DATABASE_URL")
DATABASES: dict[str, dict]
if _database_url:
    try:
        DATABASES = {"default": env.db_url_config(_database_url)}
    except Exception:  # noqa: BLE001 (the address holds a password, so nothing of it is repeated)
        raise WrongSetting("DATABASE_URL must be an address like postgres://...") from None
    if "postgresql" not in str(DATABASES["default"].get("ENGINE")):
        raise WrongSetting("DATABASE_URL must be a postgres:// address; SQLite needs none.")
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
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
    }

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

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
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ahfai.views.form_expired"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "accounts.sign_up.CountedSignUpForm",
    "login": "accounts.door_forms.SignInPage",
    "change_password": "accounts.door_forms.PasswordPage",
}
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignUpForm"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
# Counted by the cache there, which loses counts between processes; ours are in the database.
ACCOUNT_RATE_LIMITS = False
SIGN_INS_PER_HOUR = _number("SIGN_INS_PER_HOUR", 20, 1, 100_000)
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# --- The model server -------------------------------------------------------------------------

MODEL_SERVER = _choice("MODEL_SERVER", "auto", ("auto", "ollama", "openai", "builtin"))
OLLAMA_URL = _address("OLLAMA_URL", "http://127.0.0.1:11434")
OLLAMA_MODEL = _text("OLLAMA_MODEL", "llama3.1:8b")
OPENAI_URL = _address("OPENAI_URL", "")
OPENAI_KEY = _text("OPENAI_KEY")
if MODEL_SERVER == "openai" and not OPENAI_URL:
    raise WrongSetting("MODEL_SERVER is openai, so OPENAI_URL must say where that server is.")
BUILTIN_MODEL = _choice("BUILTIN_MODEL", "regular", ("regular", "small", "test"))
MODEL_FILE = Path(_text("MODEL_FILE")).expanduser() if _text("MODEL_FILE") else None
if MODEL_FILE and not MODEL_FILE.is_file():
    raise WrongSetting(f"MODEL_FILE names {MODEL_FILE}, and no such file is there.")
NUM_CTX = _number("NUM_CTX", 8192, 512, 1_048_576)
NUM_PREDICT = _number("NUM_PREDICT", 2048, 1, 1_048_576)
OLLAMA_PARALLEL = _number("OLLAMA_PARALLEL", 1, 1, 64)
RUNS_PER_USER = _number("RUNS_PER_USER", 2, 1, 64)
FIRST_BYTE_S = _number("FIRST_BYTE_S", 900, 5, 7200)
LINE_S = _number("LINE_S", 120, 1, 3600)
DRAIN_S = _number("DRAIN_S", 5, 0, 3600)

# --- Processes --------------------------------------------------------------------------------

WEB_PROCESSES = _number("WEB_PROCESSES", 1, 1, 64)
WEB_THREADS = _number("WEB_THREADS", 48, 4, 512)
HOST_NAME = socket.gethostname()

# --- Pages ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = _text("TIME_ZONE", "UTC")
USE_TZ = True
USE_I18N = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR.with_name(DATA_DIR.name + "-static")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# What a person uploads stays in memory: Django would write larger files to a folder, unsealed.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Logs: never a query string, a body or an error's text from a page -------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "urllib3": {"level": "WARNING"},
    },
}

if "pytest" in sys.modules:
    # A cheap hasher for tests only; the real one has a test of its own.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
