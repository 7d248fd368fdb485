"""What deploy/ has for containers, systemd and Kubernetes: it fits together, and fits AhFai."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from ahfai.crypto import MasterKeys
from ahfai.postgres import address
from ahfai.serving.supervisor import CLOSING_S

pytestmark = pytest.mark.same_everywhere

DEPLOY = Path(settings.BASE_DIR) / "deploy"
KNOWN = set(
    re.findall(r"^#([A-Z_]+)=", (DEPLOY.parent / ".env.example").read_text(), re.MULTILINE)
) | {"ENV_FILE"}
SMALL, LARGE = (
    yaml.safe_load((DEPLOY / name).read_text()) for name in ("compose.yml", "compose.prod.yml")
)
UNITS = {path.name: path.read_text() for path in (DEPLOY / "systemd").glob("ahfai*")}
MANIFESTS = [
    manifest
    for path in (DEPLOY / "kubernetes").iterdir()
    for manifest in yaml.safe_load_all(path.read_text())
]
OURS = {
    **{name: SMALL["services"][name] for name in ("embedded", "with-ollama", "with-postgres")},
    **{name: LARGE["services"][name] for name in ("migrate", "web", "worker")},
}


def seconds(said: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(s|m)", said).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


@pytest.mark.parametrize("name", OURS)
def test_containers_are_given_settings_that_there_are(name):
    assert set(OURS[name]["environment"]) <= KNOWN


@pytest.mark.parametrize("name", OURS)
def test_containers_of_ours_can_change_nothing_but_what_they_keep(name):
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("plan", [SMALL, LARGE], ids=["small", "large"])
def test_no_log_of_a_container_fills_the_disk(plan):
    for service in plan["services"].values():
        assert service["logging"] == {"driver": "local"}


@pytest.mark.parametrize("name", OURS)
def test_containers_get_the_time_that_closing_takes(name):
    service = OURS[name]
    drain_s = int(service["environment"].get("DRAIN_S", settings.DRAIN_S))
    # First what serves the pages, then all else: see ahfai.serving.supervisor.
    assert seconds(service["stop_grace_period"]) > drain_s + 2 * CLOSING_S


@pytest.mark.parametrize("plan", [SMALL, LARGE], ids=["small", "large"])
def test_who_waits_for_the_health_of_another_waits_for_one_that_says_how_it_is(plan):
    with_a_check_of_their_own = {"web", "embedded", "with-ollama", "with-postgres"}
    for service in plan["services"].values():
        for name, said in service.get("depends_on", {}).items():
            other = plan["services"][name]
            if said["condition"] == "service_healthy":
                assert name in with_a_check_of_their_own or other["healthcheck"]["test"]


@pytest.mark.parametrize("profile", ["embedded", "ollama", "postgres"])
def test_a_profile_has_all_that_its_parts_need_and_one_that_serves_pages(profile):
    parts = {
        name for name, one in SMALL["services"].items() if profile in one.get("profiles", [profile])
    }
    for name in parts:
        assert set(SMALL["services"][name].get("depends_on", {})) <= parts
    assert len([name for name in parts if "ports" in SMALL["services"][name]]) == 1


def test_the_small_ones_are_reached_from_this_machine_only():
    for service in SMALL["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_of_the_large_one_only_nginx_is_reached_from_outside():
    assert [name for name, one in LARGE["services"].items() if "ports" in one] == ["nginx"]
    assert LARGE["networks"]["data"] == {"internal": True}
    for name in ("primary", "replica", "valkey"):
        assert LARGE["services"][name]["networks"] == ["data"]
    assert "data" not in LARGE["services"]["nginx"]["networks"]


def test_every_name_in_nginx_conf_is_given_a_value():
    nginx = LARGE["services"]["nginx"]["environment"]
    needed = set(re.findall(r"\$\{(NGINX_\w+)\}", (DEPLOY / "nginx.conf").read_text()))
    assert needed <= set(nginx)
    pattern = nginx["NGINX_ENVSUBST_FILTER"].replace("$$", "$")
    assert needed == {name for name in nginx if re.search(pattern, name)}
    assert int(nginx["NGINX_MAX_BODY"].removesuffix("m")) > settings.UPLOAD_MB


def test_files_that_are_mounted_are_there():
    for service in LARGE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in LARGE["volumes"] or (DEPLOY / source).is_file()


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    subprocess.run([DEPLOY / "make-secrets", folder], check=True, capture_output=True)
    return folder


def test_every_secret_is_made_but_the_certificate(made):
    wanted = {Path(one["file"]).name for one in LARGE["secrets"].values()}
    assert {one.name for one in made.iterdir()} == wanted - {"certificate.pem", "certificate.key"}
    for service in LARGE["services"].values():
        assert set(service.get("secrets", [])) <= set(LARGE["secrets"])
    assert made.stat().st_mode & 0o077 == 0


def test_the_secrets_of_ahfai_are_settings_that_fit(made):
    said = dict(line.split("=", 1) for line in (made / "ahfai.env").read_text().splitlines())
    assert set(said) <= KNOWN
    assert not set(said) & set(LARGE["services"]["web"]["environment"])
    assert MasterKeys.parse(said["MASTER_KEY"])
    assert len(said["SECRET_KEY"]) >= 50
    assert re.fullmatch("[A-Za-z0-9_-]{43}", said["VAPID_KEY"])
    password = (made / "ahfai_password").read_text()
    # Whichever of the two is the primary by now.
    for name, kind in {"DATABASE_URL": "read-write", "DATABASE_REPLICA_URL": "standby"}.items():
        found = address.read(said[name])
        assert found["HOST"].split(",") == ["primary", "replica"]
        assert set(found["HOST"].split(",")) <= set(LARGE["services"])
        assert (found["NAME"], found["PASSWORD"]) == ("ahfai", password)
        assert found["OPTIONS"]["target_session_attrs"] == kind
    shared = re.search("requirepass (.+)", (made / "valkey.conf").read_text())[1]
    assert said["CACHE_URL"] == f"valkey://:{shared}@valkey:6379/0"


def test_no_secret_is_made_over_one_that_is_there(made):
    before = (made / "ahfai.env").read_text()
    again = subprocess.run([DEPLOY / "make-secrets", made], check=False, capture_output=True)
    assert again.returncode
    assert (made / "ahfai.env").read_text() == before


def test_units_are_given_settings_that_there_are():
    for name, text in {**UNITS, "backup.cron": (DEPLOY / "backup.cron").read_text()}.items():
        said = re.findall(r"^Environment=(.+)", text, re.MULTILINE)
        given = {one.partition("=")[0] for line in said for one in line.split()}
        given |= set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) - {"MAILTO"}
        assert given <= KNOWN, name


def test_commands_are_run_with_the_settings_of_the_units():
    def places(text: str) -> dict[str, str]:
        return dict(re.findall(r"\b([A-Z_]+)=(/\S+)", text))

    command = (DEPLOY / "systemd" / "command").read_text()
    assert places(command) == places(" ".join(UNITS.values()))


def test_each_unit_that_is_named_is_there_and_each_service_is_shut_in():
    for name, text in UNITS.items():
        named = set(re.findall(r"\bahfai[\w-]*\.(?:service|socket|timer|target)\b", text))
        assert named <= set(UNITS), name
        if name.endswith(".service"):
            for line in ("User=ahfai", "ProtectSystem=strict", "NoNewPrivileges=yes"):
                assert line in text.splitlines(), name
            assert (DEPLOY.parent / "manage.py").exists()
            assert re.search(r"^ExecStart=\S+/python manage\.py (serve|worker|backup)$", text, re.M)


def test_pods_are_given_settings_that_there_are():
    for kind in ("ConfigMap", "Secret"):
        (one,) = [manifest for manifest in MANIFESTS if manifest["kind"] == kind]
        assert set(one.get("data", one.get("stringData"))) <= KNOWN


def pods() -> dict[str, dict]:
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in MANIFESTS
        if one["kind"] in {"Deployment", "Job"}
    }


@pytest.mark.parametrize("name", ["web", "worker", "migrate"])
def test_pods_run_as_nobody_special_and_can_change_nothing(name):
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"].rpartition(":")[2] not in {"", "latest"}


def test_pods_that_serve_pages_get_the_time_that_closing_takes():
    (config,) = [one["data"] for one in MANIFESTS if one["kind"] == "ConfigMap"]
    pod = pods()["web"]
    (container,) = pod["containers"]
    pause_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    closing_s = pause_s + int(config["DRAIN_S"]) + 2 * CLOSING_S
    assert pod["terminationGracePeriodSeconds"] > closing_s
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    probe = container["readinessProbe"]
    assert pause_s >= probe["periodSeconds"]


def test_a_service_that_lets_people_in_finds_pods_of_pages_alone():
    services = {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == "Service"}
    labels = [
        one["spec"]["template"]["metadata"]["labels"]
        for one in MANIFESTS
        if one["kind"] in {"Deployment", "Job"}
    ]
    assert labels.count(services["web"]["spec"]["selector"]) == 1
    # Nobody is behind it: what only watchers may read is led there.
    assert services["nobody"]["spec"]["selector"] not in labels
