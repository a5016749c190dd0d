"""`compose.yaml`: valid, and everything that it names is there and known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bot.cli import app
from bot.settings import Settings
from bot.settings_names import variable

DEPLOY = Path(__file__).parents[3] / "deploy"
BOT = DEPLOY.parent / "bot"
TEXT = (DEPLOY / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "redraw"}
VARIABLES = {variable(field) for field in Settings.model_fields}
DOT_ENV = dict.fromkeys((*VARIABLES, "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY"), "set")
"""A file `.env` in which everything is set."""


def _given(name: str, dot_env: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """
    Return what a container finds set; a name without a value takes it over from `.env`.

    Source: https://docs.docker.com/reference/compose-file/services/#environment
    """
    service = SERVICES[name]
    found = dict(dot_env) if service.get("env_file") == ".env" else {}
    for key, value in service.get("environment", {}).items():
        found[key] = dot_env.get(key, "") if value is None else _filled(value, dot_env)
    return {key: value for key, value in found.items() if value}


def _filled(value: str, dot_env: Mapping[str, str]) -> str:
    """Return `value` with what it names of `.env`, or else its default."""
    return re.sub(r"\$\{(\w+):-(\w*)\}", lambda found: dot_env.get(found[1], found[2]), value)


def _read_by(root: str) -> set[str]:
    """Return the variables that a root reads, by the fields of the settings in its text."""
    fields = set(re.findall(r"\bsettings\.(\w+)", (BOT / root).read_text()))
    return {variable(field) for field in fields & Settings.model_fields.keys()}


def test_the_bot_needs_no_profile_and_all_else_does() -> None:
    """`docker compose up` starts the bot alone."""
    assert {name for name, each in SERVICES.items() if "profiles" not in each} == {"bot"}
    assert {each for one in SERVICES.values() for each in one.get("profiles", ())} == {
        "postgres",
        "redis",
        "replicas",
        "studio",
    }


@pytest.mark.parametrize("name", OURS)
def test_our_own_are_built_run_and_kept_as_they_should(name: str) -> None:
    """From the Dockerfile, with commands and settings that there are, and few rights."""
    service = OURS[name]
    (command,) = service["command"]
    context = (DEPLOY / service["build"]["context"]).resolve()

    assert (context / service["build"]["dockerfile"]).is_file()
    assert command in getattr(get_command(app), "commands")  # noqa: B009  # a group's own
    assert service["environment"].keys() <= VARIABLES | {"POSTGRES_PASSWORD"}
    assert Settings.read(_given(name)).http_port == 8080
    assert _given(name).get("REDRAW_LOG_FORMAT", "json") == "json"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_each_finds_what_it_reads_and_nothing_else() -> None:
    """No token of a chat reaches who draws; the API's key only who asks for it, or takes it."""
    reads = _read_by("studio_process.py")
    whole = DOT_ENV.keys() - {"POSTGRES_PASSWORD", "REDRAW_BROKER_URL"}

    assert {"QOLABA_API_KEY", "REDRAW_BROKER_URL"} < reads
    assert _given("studio", DOT_ENV).keys() == reads
    assert _given("worker", DOT_ENV).keys() == reads - {"QOLABA_API_KEY"}
    assert _given("bot", DOT_ENV).keys() == _given("replica", DOT_ENV).keys() == whole


@pytest.mark.parametrize("name", ["redis", "postgres"])
def test_servers_of_others_find_nothing_of_ours(name: str) -> None:
    """A database's own server is told its password, and no more of `.env`."""
    assert not _given(name, DOT_ENV).keys() & VARIABLES


def test_settings_in_its_words_exist() -> None:
    """What the comments tell to set is read by somebody."""
    named = set(re.findall(r"\b((?:REDRAW|QOLABA|DISCORD|SLACK)_[A-Z_]+)\b", TEXT))

    assert named <= VARIABLES


def test_addresses_in_its_words_lead_to_services() -> None:
    """Hosts in the recipes are services of this file."""
    hosts = set(re.findall(r"(?:@|http://|redis://)(\w+)[:/]", TEXT))

    assert hosts == {"postgres", "studio", "bot", "redis"}


def test_ports_are_open_on_this_machine_alone() -> None:
    """A reverse proxy is what should be reachable."""
    ports = [port for each in SERVICES.values() for port in each.get("ports", ())]

    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_volumes_and_dependencies_are_declared() -> None:
    """Every named volume and service is there."""
    mounts = [mount for each in SERVICES.values() for mount in each.get("volumes", ())]

    assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])
    assert all(set(each.get("depends_on", ())) <= set(SERVICES) for each in SERVICES.values())


def test_images_are_plain_names() -> None:
    """No host is named, so that a mirror of one's own can stand in."""
    assert all("/" not in each["image"] for each in SERVICES.values())


def test_each_that_listens_is_asked_how_it_is() -> None:
    """The bot by its image's own check, the others by theirs; a worker listens nowhere."""
    tests = {name: each.get("healthcheck", {}) for name, each in SERVICES.items()}

    assert tests["bot"] == tests["replica"] == {}
    assert tests["worker"] == {"disable": True}
    assert all(tests[name]["test"] for name in ("studio", "postgres", "redis"))
    assert tests["studio"]["test"][2] in (DEPLOY / "Dockerfile").read_text()
