"""Makes an image of the Dockerfile without a container engine, and starts it as one would.

    sudo python bench/try_image.py [--target builtin] [--packages postgresql-client] [--base FOLDER]

Debian's debootstrap makes the root file system that stands in for `python:3.11-slim-bookworm`, kept
in the folder of `--base` for the next time. The steps of the Dockerfile run in copies of it by
chroot. Then the image is mounted read-only and its command started as its user, with its volumes in
memory.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("debootstrap", "chroot", "mount", "unshare")
# As Docker's image of Python has it.
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
PACKAGES = "python3,python3-venv,ca-certificates"
# What this machine needs to reach the network; no image has it.
FROM_HERE = re.compile(r"(?i)(https?|no)_proxy|PIP_(?!FIND).*|(SSL|REQUESTS|CURL)_C\w+")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PIP = ("pip", "pip3", "easy_install")
NOT_IN_AN_IMAGE = ("gcc", "cc", "make", "git", "curl", "wget")
START_S = 60


@dataclass
class Image:
    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)


def steps(text: str) -> Iterator[tuple[str, str]]:
    """The instructions of a Dockerfile, each with its words."""
    without_comments = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", "", without_comments).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


class Builder:
    def __init__(self, work: Path, base: Path, packages: str) -> None:
        self.work, self.base = work, base
        self.given = {"PACKAGES": packages}
        self.stages: dict[str, Image] = {}

        self.written: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        for word, rest in steps((ROOT / "Dockerfile").read_text()):
            if word == "FROM":
                source, _as, name = rest.partition(" AS ")
                self.written[name] = source, []
            else:
                self.written[name][1].append((word, rest))

    def build(self, name: str) -> Image:
        """A stage, and before it those that it needs."""
        if name not in self.stages:
            source, instructions = self.written[name]
            parent = self.build(source) if source in self.written else Image(self.base)
            image = self._begin(parent, name)
            for word, rest in instructions:
                getattr(self, f"_{word.lower()}")(image, rest)
        return self.stages[name]

    def _begin(self, parent: Image, name: str) -> Image:
        root = self.work / name
        subprocess.run(["cp", "-a", "--reflink=auto", f"{parent.root}/.", f"{root}/"], check=True)
        kept = {
            one: value.copy() if isinstance(value, dict | list) else value
            for one, value in vars(parent).items()
        }
        self.stages[name] = image = Image(**kept | {"root": root, "arguments": {}})
        return image

    def _arg(self, image: Image, rest: str) -> None:
        name, _, value = rest.partition("=")
        image.arguments[name] = self.given.get(name) or value.strip('"')

    def _env(self, image: Image, rest: str) -> None:
        for one in shlex.split(rest):
            name, _, value = one.partition("=")
            known = image.environment
            image.environment[name] = re.sub(
                r"\$(\w+)", lambda at, k=known: k.get(at[1], ""), value
            )

    def _workdir(self, image: Image, rest: str) -> None:
        image.workdir = rest
        (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _copy(self, image: Image, rest: str) -> None:
        words = rest.split()
        source = ROOT
        if words[0].startswith("--from="):
            source = self.build(words.pop(0).partition("=")[2]).root
        *names, to = words
        to = to if to.startswith("/") else f"{image.workdir}/{to}"
        place = image.root / to.lstrip("/")
        for name in names:
            path = source / name.lstrip("/")
            goes_to = place / path.name if to.endswith("/") else place
            if path.is_dir():
                # .dockerignore keeps these out.
                ignored = shutil.ignore_patterns("__pycache__", "tests")
                ignored = None if source != ROOT else ignored
                shutil.copytree(path, goes_to, symlinks=True, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy2(path, goes_to)

    def _run(self, image: Image, rest: str) -> None:
        print(f"RUN {rest[:90]}", file=sys.stderr, flush=True)
        known = {one: value for one, value in os.environ.items() if FROM_HERE.fullmatch(one)}
        with mounted(image.root):
            subprocess.run(
                ["chroot", image.root, "sh", "-ec", f"cd {image.workdir}; {rest}"],
                env=known | image.arguments | image.environment | {"HOME": "/root"},
                stdout=sys.stderr,
                check=True,
            )

    def _user(self, image: Image, rest: str) -> None:
        image.user = rest

    def _cmd(self, image: Image, rest: str) -> None:
        image.command = json.loads(rest)

    def _healthcheck(self, image: Image, rest: str) -> None:
        image.health = json.loads(rest.partition("CMD ")[2])

    def _volume(self, image: Image, rest: str) -> None:
        image.volumes = json.loads(rest)

    def _expose(self, image: Image, rest: str) -> None:
        """Says something to engines alone."""

    _label = _expose


@contextlib.contextmanager
def mounted(root: Path) -> Iterator[None]:
    places = {"/proc": root / "proc", "/dev": root / "dev"}
    for what, where in places.items():
        subprocess.run(["mount", "--rbind", what, where], check=True)
    try:
        yield
    finally:
        for where in places.values():
            subprocess.run(["umount", "--recursive", "--lazy", where], check=True)


def make_base(folder: Path) -> None:
    """Debian's Python with pip in /usr/local, where Docker's image of Python has its own."""
    if (folder / "usr/local/bin/pip").exists():
        return
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with mounted(folder):
        subprocess.run(["chroot", folder, "python3", "-m", "venv", "/usr/local"], check=True)
    shutil.rmtree(folder / "var/lib/apt/lists")
    shutil.rmtree(folder / "var/cache/apt")
    (folder / "var/lib/apt/lists/partial").mkdir(parents=True)
    (folder / "var/cache/apt/archives/partial").mkdir(parents=True)
    # An authority of this machine's own, should it have one.
    shutil.copy(CERTIFICATES, folder / CERTIFICATES.lstrip("/"))
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")


def start(image: Image, *more_not_in_it: str) -> None:
    """Raises AssertionError where it doesn't do what is asked of an image."""
    root = image.root
    uid, gid = image.user.split(":")
    assert int(uid) >= 10_000, "it runs as root"
    subprocess.run(["mount", "--bind", root, root], check=True)
    for volume in (*image.volumes, "/tmp"):
        options = f"mode=0700,uid={uid},gid={gid}"
        place = root / volume.lstrip("/")
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    for what in ("/proc", "/dev"):
        subprocess.run(["mount", "--rbind", what, root / what.lstrip("/")], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", root, root], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = image.environment | {"PORT": port, "BIND": "127.0.0.1"}
    environment |= {"SITE_URL": f"http://localhost:{port}", "HOME": image.workdir}
    inside = ["chroot", f"--userspec={image.user}", root, "env", "-C", image.workdir]

    def run(*command: str) -> bool:
        ended = subprocess.run([*inside, *command], env=environment, capture_output=True, text=True)
        run.said = ended.stderr
        return ended.returncode == 0

    assert not run("sh", "-c", "touch /app/x || touch /venv/x || touch /etc/x"), "it can be changed"
    unwanted = (*NOT_IN_AN_IMAGE, *more_not_in_it)
    left = [one for one in unwanted if run("sh", "-c", f"command -v {one}")]
    assert not left, f"it still has {left}"
    began = time.monotonic()
    process = subprocess.Popen([*inside, *image.command], env=environment, stdout=sys.stderr)
    try:
        while not run(*image.health):
            assert process.poll() is None, "it ended"
            assert time.monotonic() < began + START_S, "it doesn't become healthy"
            time.sleep(0.2)
        print(f"Healthy after {time.monotonic() - began:.1f} s, as {image.user}, read-only.")
        page = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/account/sign-up/')"
        assert run("python", "-c", page), f"no page is served: {run.said}"
        assert run("python", "manage.py", "verify"), f"its commands don't work: {run.said}"
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    assert code == 0, f"it ended with {code}"


def megabytes(*folders: Path) -> int:
    said = subprocess.run(
        ["du", "-scx", "--block-size=1M", *folders], capture_output=True, text=True, check=True
    )
    return int(said.stdout.splitlines()[-1].split()[0])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--target", default="production")
    options.add_argument("--base", type=Path)
    options.add_argument("--packages", default="", help="as --build-arg PACKAGES=…")
    given = options.parse_args()
    missing = [one for one in NEEDED if not shutil.which(one, path=PATH)]
    if missing or os.geteuid():
        print(f"Not tried: it needs root and {', '.join(missing or NEEDED)}.")
        return
    if "AHFAI_OWN_MOUNTS" not in os.environ:
        # What is mounted here is seen by nobody else, and goes with this process.
        os.environ["AHFAI_OWN_MOUNTS"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory(prefix="ahfai-image-") as folder:
        base = given.base or Path(folder) / "base"
        base.mkdir(parents=True, exist_ok=True)
        make_base(base)
        image = Builder(Path(folder), base, given.packages).build(given.target)
        own, packages = megabytes(image.root / "app"), megabytes(image.root / "venv")
        more = megabytes(image.root) - megabytes(base) - own - packages
        print(
            f"The image {given.target} adds to Python's: {own} MB of AhFai, {packages} MB of "
            f"packages, {more:+} MB of the system."
        )
        try:
            start(image, *(PIP if given.target == "production" else ()))
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", image.root], check=False)
            # Else the folder's removal would go on into them.
            if folder in Path("/proc/self/mounts").read_text():
                print(f"Something is still mounted in {folder}.", file=sys.stderr, flush=True)
                os._exit(1)


if __name__ == "__main__":
    main()
