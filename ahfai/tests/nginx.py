"""nginx as deploy/nginx.conf sets it up, on this machine and with a certificate of its own."""

import contextlib
import datetime
import ipaddress
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ahfai.processes import end_with_parent
from ahfai.tests.lacking import skip_or_fail
from ahfai.tests.ports import free_port

TEMPLATE = Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf"
PATHS = ("/usr/sbin", "/usr/local/sbin", *os.get_exec_path())
NAME = "localhost"


class Nginx:
    """`with Nginx(["127.0.0.1:8001"]) as nginx`: answers for localhost at `nginx.url`, which
    `nginx.certificate` proves, in front of the web processes at these addresses."""

    def __init__(self, webs: Sequence[str] = (), max_body: str = "22m") -> None:
        self.webs, self.max_body = list(webs), max_body
        self.http_port, self.https_port = free_port(), free_port()
        self.url = f"https://{NAME}:{self.https_port}"

    def __enter__(self) -> "Nginx":
        with contextlib.ExitStack() as entered:
            self.folder = Path(tempfile.mkdtemp(prefix="ahfai-nginx-"))
            entered.callback(shutil.rmtree, self.folder, ignore_errors=True)
            # Where this is run by root, nginx's own processes belong to somebody else.
            self.folder.chmod(0o755)
            (self.folder / "memory").mkdir()
            self.certificate, self.log = self.folder / "certificate.pem", self.folder / "log"
            make_certificate(self.certificate, self.folder / "key.pem")
            self.start()
            entered.callback(self.stop)
            self.entered = entered.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.entered.close()

    def start(self) -> None:
        conf = self.folder / "nginx.conf"
        conf.write_text(self._filled_in())
        parent = os.getpid()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program(), "-c", conf, "-e", "stderr", "-g", "daemon off;"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=lambda: end_with_parent(parent),
            )
        end = time.monotonic() + 10
        while not is_open(self.https_port):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.01)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def _filled_in(self) -> str:
        webs = [f"server {web} max_fails=1 fail_timeout=2s; " for web in self.webs]
        values = {
            "NGINX_NAMES": NAME,
            "NGINX_WEB": "".join(webs),
            "NGINX_CERTIFICATE": str(self.certificate),
            "NGINX_KEY": str(self.folder / "key.pem"),
            "NGINX_HTTP": f"127.0.0.1:{self.http_port}",
            "NGINX_HTTPS": f"127.0.0.1:{self.https_port}",
            "NGINX_MAX_BODY": self.max_body,
            "NGINX_MEMORY": str(self.folder / "memory"),
        }
        # As envsubst does it, which nginx's image runs.
        return re.sub(r"\$\{(NGINX_\w+)\}", lambda name: values[name[1]], TEMPLATE.read_text())


def program() -> str:
    """The path of nginx."""
    found = shutil.which("nginx", path=os.pathsep.join(PATHS))
    if found is None:
        skip_or_fail("nginx isn't installed here.")
    return found


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def make_certificate(certificate: Path, key: Path) -> None:
    """For localhost and 127.0.0.1, for a day, signed by itself."""
    made = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName(NAME),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(made.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(made, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    key.chmod(0o600)
