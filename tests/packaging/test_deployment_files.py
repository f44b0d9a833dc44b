"""What stands in deploy/ is read by the programs it is for, where they are installed; its commands are ours."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from punctual.kernel.queues import QUEUES

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed here")


def read_by(*command: str | Path, **environment: str) -> str:
    run = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def started() -> Iterator[tuple[str, list[str]]]:
    """(where, words) of every call of ``punctual``."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        if service.get("command", [""])[0] == "punctual":
            yield f"compose {name}", service["command"][1:]
    for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "punctual.yaml").read_text()):
        for container in containers(document):
            yield f"kubernetes {container['name']}", container["command"][1:]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        for line in re.findall(r"^ExecStart=/opt/punctual/bin/punctual (.*)$", unit.read_text(), re.MULTILINE):
            yield f"systemd {unit.stem}", shlex.split(line)
    last = (DEPLOY / "Dockerfile").read_text().strip().splitlines()[-1]
    yield "Dockerfile", yaml.safe_load(last.removeprefix("CMD "))[1:]


def containers(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    return [one for one in found if one.get("command", [""])[0] == "punctual"]


def test_every_command_that_is_started_exists_with_its_options() -> None:
    seen = list(started())
    assert len(seen) > 8
    for where, (name, *options) in seen:
        if name == "manage":
            continue
        parser = argparse.ArgumentParser(prog=where, exit_on_error=False)
        importlib.import_module(f"punctual.cli.commands.{name}").add_arguments(parser)
        parser.parse_args(options)


def test_each_way_to_install_has_a_worker_for_each_queue() -> None:
    for way in ("compose", "kubernetes", "systemd"):
        words = [rest for where, (name, *rest) in started() if where.startswith(way) and name == "worker"]
        assert sorted(words) == sorted([["--queue", queue] for queue in QUEUES]), way


@needs("systemd-analyze")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        text = (
            unit.read_text().replace("/opt/punctual/bin/punctual", "/bin/true").replace("/usr/bin/rsync", "/bin/true")
        )
        (tmp_path / unit.name).write_text(text.replace("EnvironmentFile=", "EnvironmentFile=-"))
    said = read_by("systemd-analyze", "verify", *sorted(tmp_path.iterdir()))
    assert "Unknown" not in said, said


@needs("caddy")
def test_caddy_reads_its_file(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    file = DEPLOY / "Caddyfile"
    said = read_by("caddy", "validate", "--adapter", "caddyfile", "--config", file, PUNCTUAL_HOST="example.com", **home)
    assert "Valid configuration" in said


def test_kubernetes_knows_every_word_of_the_manifests() -> None:
    kubernetes = pytest.importorskip("kubernetes_validate")  # in requirements/dev.lock
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "punctual.yaml").read_text()))
    for document in documents:
        kubernetes.validate(document, kubernetes.latest_version(), strict=True)
    documents[3]["spec"]["replica"] = 2
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(documents[3], kubernetes.latest_version(), strict=True)


def test_several_web_processes_share_what_they_count_and_who_is_there() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "punctual.yaml").read_text()))
    services = {one["metadata"]["name"] for one in documents if one["kind"] == "Service"}
    (config,) = (one["data"] for one in documents if one["kind"] == "ConfigMap")
    for environment, known in ((compose["web"]["environment"], set(compose)), (config, services)):
        assert urlsplit(environment["PUNCTUAL_REDIS"]).hostname in known
    assert re.search("^redis==", (DEPLOY.parent / "requirements" / "runtime.lock").read_text(), re.MULTILINE)


def test_the_name_under_which_the_proxy_asks_for_health_is_served() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    (upstream,) = re.findall(r"reverse_proxy \{\$PUNCTUAL_UPSTREAM:(\w+):8000\}", (DEPLOY / "Caddyfile").read_text())
    assert upstream in compose
    assert upstream in compose["web"]["environment"]["PUNCTUAL_HOSTS"].split(",")
