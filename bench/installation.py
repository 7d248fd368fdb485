"""AhFai on many replicas, for `scale.py`: each part a program of its own, on this machine.

nginx with a certificate made for the run, two web replicas of two processes, two workers, a
PostgreSQL with a streaming replica, Valkey or Redis, and two stubs in the place of model servers;
all on 127.0.0.1, in a folder that goes with them. Only what was started here is ended.
"""

import contextlib
import datetime
import ipaddress
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
# PostgreSQL refuses to run as root; Debian's package brings a user for it.
DATABASE_USER = "postgres" if os.geteuid() == 0 else None
REPLICAS, PROCESSES, WORKERS, MODEL_HOSTS = 2, 2, 2, 2
# Longer than any reply of the crowd, so that a replica that is asked to stop ends them whole.
DRAIN_S = 60
PARALLEL = 16


class NotHere(Exception):
    """A program that is needed isn't installed."""


class Part:
    """One program with its children, which can be asked to stop, killed, and started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        settings: dict[str, str] | None = None,
        user: str | None = None,
        is_ready: Callable[[], bool] = lambda: True,
        stop_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.command, self.log = name, list(map(str, command)), log
        self.settings, self.user = settings or {}, user
        self.is_ready, self.stop_by = is_ready, stop_by
        self.process: subprocess.Popen | None = None
        # Of processes that are gone, in seconds.
        self.spent_before = 0.0

    def start(self, patience_s: float = 180) -> None:
        self.begin()
        self.wait_until_ready(patience_s)

    def begin(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.log.parent if self.user else ROOT,
                env=os.environ | self.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal reaches the run alone, which stops them in order.
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
            )

    def wait_until_ready(self, patience_s: float = 180) -> None:
        end = time.monotonic() + patience_s
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{self.name} doesn't start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def stop(self, patience_s: float = 20) -> None:
        if not self.is_alive():
            return
        self.spent_before = self.cpu_s()
        children = self.all_pids()
        self.process.send_signal(self.stop_by)
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._kill(children)

    def kill(self) -> None:
        """SIGKILL to all of its processes, as when the machine loses its power."""
        if self.is_alive():
            self.spent_before = self.cpu_s()
            self._kill(self.all_pids())

    def _kill(self, pids: Sequence[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def all_pids(self) -> list[int]:
        """The program's own first, so that it starts no child again."""
        return _tree(self.process.pid) if self.is_alive() else []

    def cpu_s(self) -> float:
        """What it has computed so far, all its processes together."""
        return self.spent_before + sum(map(_cpu_s, self.all_pids()))

    def memory_mb(self) -> float:
        """Without counting twice what its processes share (PSS)."""
        return sum(map(_pss_kb, self.all_pids())) / 1024


class Installation:
    """`with Installation() as here`: all parts run, and no person has an account yet."""

    def __init__(self, **settings: str) -> None:
        self.given = settings

    def __enter__(self) -> "Installation":
        programs = find_programs("nginx", "valkey", "postgres")
        with contextlib.ExitStack() as entered:
            self.folder = Path(tempfile.mkdtemp(prefix="ahfai-scale-"))
            entered.callback(shutil.rmtree, self.folder, ignore_errors=True)
            # Some parts have users of their own.
            self.folder.chmod(0o711)
            self.parts: list[Part] = []
            entered.callback(self.stop)
            self._databases(programs)
            self._cache(programs)
            self._models()
            self._settings()
            self.manage("migrate", "--verbosity", "0")
            self._web()
            self._workers()
            self._nginx(programs)
            self.entered = entered.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.entered.close()

    def stop(self) -> None:
        """The last ones first: nobody is left without what it needs."""
        for part in reversed(self.parts):
            part.stop(patience_s=10)

    def manage(self, *command: str) -> None:
        """One of AhFai's commands, with the settings of the replicas."""
        asked = [sys.executable, "manage.py", *command]
        subprocess.run(asked, cwd=ROOT, env=os.environ | self.settings, check=True)

    def python(self, script: Path, *arguments: str, told: str = "") -> str:
        """What a script of ours says that works on the database as the replicas do."""
        asked = [sys.executable, str(script), *arguments]
        ended = subprocess.run(
            asked,
            cwd=ROOT,
            env=os.environ | self.settings,
            input=told,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return ended.stdout

    # --- Taking a replica out and in ------------------------------------------------------------

    def take_out(self, replica: Part) -> None:
        """nginx sends nobody there any more; what is under way goes on."""
        self._balance(without=replica)

    def take_in(self) -> None:
        self._balance()

    def _balance(self, without: Part | None = None) -> None:
        self._write_nginx(without)
        self.nginx.process.send_signal(signal.SIGHUP)
        # Its new processes answer when the old ones have stopped listening.
        time.sleep(1)

    # --- The parts ------------------------------------------------------------------------------

    def _part(self, *arguments, **options) -> Part:
        part = Part(*arguments, **options)
        self.parts.append(part)
        return part

    def _databases(self, programs: dict[str, Path]) -> None:
        bin_folder = programs["postgres"].parent
        self.primary = new_database(self.folder, bin_folder)
        self.parts.append(self.primary)
        self.primary.start()
        self.replica = copy_of_database(self.primary, self.folder, bin_folder)
        self.parts.append(self.replica)
        self.replica.start()

    def _cache(self, programs: dict[str, Path]) -> None:
        port = free_port()
        told = ("--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", self.folder)
        command = [programs["valkey"], *told, "--appendonly", "no"]
        self.cache = self._part(
            programs["valkey"].name, command, self.folder / "cache.log", is_ready=_listens(port)
        )
        self.cache_url = f"redis://127.0.0.1:{port}/0"
        self.cache.start()

    def _models(self) -> None:
        self.models = []
        for number in range(MODEL_HOSTS):
            port = free_port()
            self.models.append(
                self._part(
                    f"model server {number + 1} (a stub)",
                    [sys.executable, ROOT / "bench" / "stub_model.py", str(port)],
                    self.folder / f"model{number}.log",
                    is_ready=_listens(port),
                )
            )
            self.models[-1].url = f"http://127.0.0.1:{port}"
            self.models[-1].start()

    def _settings(self) -> None:
        self.http, self.https = free_port(), free_port()
        self.url = f"https://localhost:{self.https}"
        self.settings = {
            "ENV_FILE": "none",
            "DJANGO_SETTINGS_MODULE": "ahfai.settings",
            # On machines of their own each replica is told the keys by its environment.
            "KEYS_DIR": str(self.folder / "keys"),
            "DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": self.primary.url,
            "DATABASE_REPLICA_URL": self.replica.url,
            "CACHE_URL": self.cache_url,
            "SITE_URL": self.url,
            "TRUSTED_PROXIES": "1",
            "MODEL_SERVER": "ollama",
            "OLLAMA_URL": ",".join(model.url for model in self.models),
            "OLLAMA_PARALLEL": str(PARALLEL),
            "WEB_PROCESSES": str(PROCESSES),
            "WEB_THREADS": "64",
            "DRAIN_S": str(DRAIN_S),
            "TITLES": "no",
            "METRICS_TOKEN": secrets.token_urlsafe(24),
            **self.given,
        }

    def _web(self) -> None:
        self.web = []
        for number in range(REPLICAS):
            port = free_port()
            replica = self._part(
                f"web replica {number + 1}",
                [sys.executable, "manage.py", "serve", "--without-worker"],
                self.folder / f"web{number}.log",
                settings=self.settings
                | {"PORT": str(port), "DATA_DIR": str(self.folder / f"data{number}")},
                is_ready=lambda port=port: is_up(port),
            )
            replica.port = port
            self.web.append(replica)
            replica.begin()
        for replica in self.web:
            replica.wait_until_ready()

    def _workers(self) -> None:
        self.workers = []
        for number in range(WORKERS):
            worker = self._part(
                f"worker {number + 1}",
                [sys.executable, "manage.py", "worker"],
                self.folder / f"worker{number}.log",
                settings=self.settings,
            )
            self.workers.append(worker)
            worker.start()

    def _nginx(self, programs: dict[str, Path]) -> None:
        memory = self.folder / "nginx"
        memory.mkdir()
        make_certificate(self.folder / "certificate.pem", self.folder / "key.pem")
        self._write_nginx()
        said = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        configuration = self.folder / "nginx.conf"
        self.nginx = self._part(
            "nginx",
            [programs["nginx"], "-p", memory, "-c", configuration, "-e", "stderr", "-g", said],
            self.folder / "nginx.log",
            is_ready=_listens(self.https),
        )
        self.nginx.start()

    def _write_nginx(self, without: Part | None = None) -> None:
        servers = [
            f"server 127.0.0.1:{one.port} max_fails=1 fail_timeout=5s"
            f"{' down' if one is without else ''};"
            for one in self.web
        ]
        values = {
            "NGINX_NAMES": "localhost",
            "NGINX_WEB": " ".join(servers),
            "NGINX_CERTIFICATE": self.folder / "certificate.pem",
            "NGINX_KEY": self.folder / "key.pem",
            "NGINX_HTTP": f"127.0.0.1:{self.http}",
            "NGINX_HTTPS": f"127.0.0.1:{self.https}",
            "NGINX_MAX_BODY": "22m",
            "NGINX_MEMORY": self.folder / "nginx",
        }
        # As envsubst does it, which nginx's image runs.
        template = (ROOT / "deploy" / "nginx.conf").read_text()
        filled = re.sub(r"\$\{(NGINX_\w+)\}", lambda name: str(values[name[1]]), template)
        (self.folder / "nginx.conf").write_text(filled)


class Database(Part):
    """A PostgreSQL server on a port of 127.0.0.1."""

    def __init__(self, name: str, folder: Path, bin_folder: Path) -> None:
        self.port, self.data = free_port(), folder / "data"
        me = my_name()
        self.place = f"host=127.0.0.1 port={self.port} user={me} dbname=postgres"
        self.url = f"postgres://{me}@127.0.0.1:{self.port}/postgres"
        super().__init__(
            name,
            [
                *(bin_folder / "postgres", "-D", self.data, "-k", folder, "-p", self.port),
                *("--listen_addresses=127.0.0.1", "--max_connections=200"),
                "--shared_buffers=256MB",
            ],
            folder / "log",
            user=DATABASE_USER,
            is_ready=self.answers,
            # A fast shutdown: whoever is connected is thrown out.
            stop_by=signal.SIGINT,
        )

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(f"{self.place} connect_timeout=2").close()
            return True
        return False


def new_database(folder: Path, bin_folder: Path) -> Database:
    """An empty one, not started yet."""
    made = Database("PostgreSQL, primary", _database_folder(folder / "primary"), bin_folder)
    told = ("-U", my_name(), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    _as_database_user(bin_folder / "initdb", "-D", made.data, *told, where=made.log.parent)
    return made


def copy_of_database(primary: Database, folder: Path, bin_folder: Path) -> Database:
    """A streaming replica, not started yet."""
    made = Database("PostgreSQL, replica", _database_folder(folder / "replica"), bin_folder)
    _as_database_user(
        bin_folder / "pg_basebackup",
        *("-D", made.data, "--write-recovery-conf", "--checkpoint=fast"),
        *("-h", "127.0.0.1", "-p", primary.port, "-U", my_name()),
        where=made.log.parent,
    )
    return made


def _database_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    if DATABASE_USER:
        shutil.chown(folder, DATABASE_USER, DATABASE_USER)
    return folder


def my_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def find_programs(*needed: str) -> dict[str, Path]:
    """Raises NotHere, naming what is missing of those that are `needed`."""
    debians = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    # Debian keeps what only root starts out of the path of others.
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    found = {
        "nginx": shutil.which("nginx", path=path),
        "valkey": shutil.which("valkey-server") or shutil.which("redis-server"),
        "postgres": debians[-1] if debians else shutil.which("postgres"),
    }
    if missing := [name for name in needed if not found[name]]:
        raise NotHere(f"Not installed here: {', '.join(missing)}.")
    return {name: Path(where) for name, where in found.items() if where}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_up(port: int, path: str = "/ready") -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=2).ok
    return False


def _listens(port: int) -> Callable[[], bool]:
    def asked() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    return asked


def _as_database_user(*command: str | Path | int, where: Path) -> None:
    ended = subprocess.run(
        list(map(str, command)),
        cwd=where,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=DATABASE_USER,
        group=DATABASE_USER,
        extra_groups=[] if DATABASE_USER else None,
    )
    if ended.returncode:
        raise SystemExit(f"{command[0]}:\n{ended.stdout}{ended.stderr}")


def make_certificate(certificate: Path, key: Path) -> None:
    """For localhost, by itself, for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _tree(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(one for child in found for one in _tree(int(child)))]
    return []


def _cpu_s(pid: int) -> float:
    """With that of its children that have ended."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, stat[11:15])) / TICKS
    return 0.0


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


@contextlib.contextmanager
def stops_on_signals() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does: what was started is stopped."""

    def stop(*_signal: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
