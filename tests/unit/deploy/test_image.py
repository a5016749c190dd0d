"""The Dockerfile: what it names is there, known and pinned, and nothing else is sent to it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from bot import plans
from bot.cli import app
from bot.served import Served
from bot.settings import Settings
from bot.settings_names import variable

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
PINS = {
    name: dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))
    for name in ("run", "test", "image")
    for text in [(ROOT / "requirements" / f"{name}.txt").read_text()]
}


def instructions() -> list[tuple[str, str]]:
    """Return each instruction with its arguments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip()]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines]


def all_of(name: str) -> list[str]:
    return [arguments for each, arguments in instructions() if each == name]


def environment() -> dict[str, str]:
    """Return the variables of the finished image."""
    return dict(pair.split("=", 1) for pair in all_of("ENV")[-1].split())


def copied() -> list[str]:
    """Return every path that comes from the build context."""
    return [
        source
        for arguments in all_of("COPY")
        if not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    ]


def test_everything_that_is_copied_exists() -> None:
    """No path is misspelt, and the whole package is among them."""
    assert all((ROOT / path).exists() for path in copied())
    assert {"bot", "adapters", "core", "pyproject.toml"} <= set(copied())


def test_nothing_else_goes_to_the_builder() -> None:
    """The list of what may is the list of what is copied: no `.env`, no history."""
    lines = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}

    assert "*" in lines
    assert let_in == set(copied())


def test_images_are_plain_names() -> None:
    """No host is named, so that a mirror of one's own can stand in; both stages are the same."""
    assert [each.split()[0] for each in all_of("FROM")] == ["python:3.11-slim"] * 2
    assert "://" not in DOCKERFILE


def test_every_installation_is_pinned() -> None:
    """Everything from outside is installed by hashes; our own package brings nothing with it."""
    steps = [step for run in all_of("RUN") for step in run.split("&&") if "pip install" in step]

    assert len(steps) == 3
    assert all("--require-hashes" in step or "--no-deps" in step for step in steps)


def test_pins_are_those_that_are_tested() -> None:
    """The image has what running takes and the extras, in the versions that the tests run with."""
    assert PINS["image"].items() >= PINS["run"].items()
    assert PINS["test"].items() >= PINS["image"].items()
    assert {"psycopg", "psycopg-binary", "obstore", "redis", "packaging"} <= PINS["image"].keys()


def test_it_does_not_run_as_root() -> None:
    """The user is a number, so that a cluster can tell that it is not root."""
    (user,) = all_of("USER")

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert f"--uid {user.split(':')[0]} " in " ".join(all_of("RUN"))


def test_variables_are_settings() -> None:
    """Each variable of ours is one that is read, and the values can work."""
    ours = {name: value for name, value in environment().items() if name.startswith("REDRAW_")}

    assert ours.keys() <= {variable(field) for field in Settings.model_fields}
    assert str(Settings.read(ours).data_dir) == all_of("VOLUME")[0]
    assert Settings.read(ours).http_port == int(all_of("EXPOSE")[0])


def test_command_exists() -> None:
    """The image starts a command that there is."""
    (entry,) = json.loads(all_of("ENTRYPOINT")[0])
    (command,) = json.loads(all_of("CMD")[0])

    assert f'{entry} = "bot.__main__:main"' in (ROOT / "pyproject.toml").read_text()
    assert command in getattr(get_command(app), "commands")  # noqa: B009  # a group's own


def test_health_is_asked_of_a_file_that_is_there() -> None:
    """The check is the copied file, at the port that the process was told."""
    (check,) = all_of("HEALTHCHECK")
    place = all_of("COPY")[-1].split()[-1]

    assert check.endswith(f'CMD python {place} "$REDRAW_HTTP_PORT"')
    assert Path(place).name in {Path(path).name for path in copied()}


@pytest.mark.parametrize("served", Served)
def test_web_server_is_on_in_every_mode(served: Served) -> None:
    """Also where no picture is to be handed out there is somebody to ask for health."""
    settings = Settings.read({**environment(), "QOLABA_API_KEY": "k-1", "DISCORD_TOKEN": "d-1"})

    plan = plans.for_run(settings, served)

    assert plan.web is not None
    assert (plan.web.host, plan.web.port) == ("0.0.0.0", 8080)  # inside a container
