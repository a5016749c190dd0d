"""The commands that are cheap to start, as real processes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.integration.bot.processes import measured

ROOT = Path(__file__).parents[3]


def redraw(
    *arguments: str, folder: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command with nothing set but what is given, in an empty folder of its own."""
    given = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        **measured(),
        **(environ or {}),
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_command(tmp_path: Path) -> None:
    """The help names the commands, and asking for it is success."""
    done = redraw("--help", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    commands = ("try", "run", "invite", "studio", "worker", "models", "jobs", "doctor", "migrate")
    for command in commands:
        assert f"\n  {command} " in done.stdout


def test_version_is_that_of_the_package(tmp_path: Path) -> None:
    """What to name in a report, on one line."""
    done = redraw("--version", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"redraw {version('redraw')}\n", "")


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    """Asking for help loads typer and none of the libraries that do the work."""
    code = (
        "import sys\nfrom bot.cli import app\n"
        "heavy = {'aiohttp', 'httpx', 'sqlalchemy', 'pydantic', 'PIL', 'numpy', 'celery', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--bogus",),
        ("paint",),
        ("try", "--bogus"),
        ("jobs", "--limit", "0"),
        ("studio", "--port", "x"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_is_bad_input(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A mistyped command or option ends with 2, words and no traceback."""
    done = redraw(*arguments, folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("models",), ("jobs",), ("migrate",), ("run",), ("try",)])
def test_bad_setting_is_one_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A setting that cannot work ends any command with 2 and one line that names it."""
    done = redraw(*command, folder=tmp_path, environ={"REDRAW_HTTP_PORT": "eighty"})

    assert done.returncode == 2
    assert done.stderr == "redraw: REDRAW_HTTP_PORT: expected a whole number\n"


def test_models_are_listed_for_people(tmp_path: Path) -> None:
    """The table has all eight models."""
    done = redraw("models", folder=tmp_path)

    assert done.returncode == 0
    assert "Flux Kontext Max" in done.stdout
    assert "strength" in done.stdout


def test_models_are_listed_for_scripts(tmp_path: Path) -> None:
    """With `--json` there is one list and nothing else on standard output."""
    done = redraw("models", "--json", folder=tmp_path)
    found = json.loads(done.stdout)

    assert found[0]["id"] == "flux-dev"
    assert len(found) == 8
    assert found[0]["sizing"] == "input"


def test_env_file_of_the_folder_is_read(tmp_path: Path) -> None:
    """A `.env` beside the one who calls names an operator's file, which hides a model."""
    (tmp_path / "own.toml").write_text("[models.flux-dev]\nhidden = true\n")
    (tmp_path / ".env").write_text("REDRAW_MODELS_FILE=own.toml\n")

    done = redraw("models", "--json", folder=tmp_path)

    assert "flux-dev" not in [model["id"] for model in json.loads(done.stdout)]


def test_mistake_in_the_models_file_is_bad_input(tmp_path: Path) -> None:
    """A mistake in the operator's file is named with file and key."""
    (tmp_path / "own.toml").write_text("[models.flux-dev]\nsizes = 7\n")

    done = redraw("models", folder=tmp_path, environ={"REDRAW_MODELS_FILE": "own.toml"})

    assert done.returncode == 2
    assert "own.toml: [models.flux-dev] sizes" in done.stderr


def test_run_without_a_key_names_both_remedies(tmp_path: Path) -> None:
    """A bot does not start on previews by accident."""
    done = redraw("run", folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("redraw: QOLABA_API_KEY: is not set")
    assert "--preview" in done.stderr


def test_run_without_a_chat_says_so(tmp_path: Path) -> None:
    """With nothing to serve there is nothing to run."""
    done = redraw("run", "--preview", folder=tmp_path)

    assert done.returncode == 2
    assert "no chat is set up" in done.stderr
    assert done.stderr.count("\n") == 1


def test_migrate_makes_the_database_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    """Migrating twice is no mistake; afterwards the list of jobs is there, and empty."""
    environ = {"REDRAW_DATA_DIR": str(tmp_path / "data")}

    first = redraw("migrate", folder=tmp_path, environ=environ)
    second = redraw("migrate", folder=tmp_path, environ=environ)
    jobs = redraw("jobs", folder=tmp_path, environ=environ)

    assert (first.returncode, second.returncode, jobs.returncode) == (0, 0, 0)
    assert first.stdout == "The database was brought up to date.\n"
    assert second.stdout == "The database is up to date.\n"
    assert jobs.stdout == "There are no jobs yet.\n"


def test_migrate_brings_the_file_of_previews_along(tmp_path: Path) -> None:
    """Where there are previews too, `redraw jobs` can read both afterwards."""
    environ = {"REDRAW_DATA_DIR": str(tmp_path / "data")}
    previews = tmp_path / "data" / "preview" / "redraw.sqlite"
    previews.parent.mkdir(parents=True)
    with closing(sqlite3.connect(previews)) as empty:
        empty.execute("PRAGMA user_version = 1")
    before = redraw("jobs", folder=tmp_path, environ=environ)

    migrated = redraw("migrate", folder=tmp_path, environ=environ)
    again = redraw("migrate", folder=tmp_path, environ=environ)
    jobs = redraw("jobs", folder=tmp_path, environ=environ)

    assert (before.returncode, migrated.returncode, jobs.returncode) == (1, 0, 0)
    assert again.stdout == "The database is up to date.\n"
    assert jobs.stdout == "There are no jobs yet.\n"


@pytest.mark.parametrize("damage", ["no database", "another version"])
def test_jobs_that_cannot_be_read_are_not_called_none(tmp_path: Path, damage: str) -> None:
    """A damaged or newer database is named, and ends with 1."""
    environ = {"REDRAW_DATA_DIR": str(tmp_path)}
    kept = tmp_path / "redraw.sqlite"
    if damage == "no database":
        kept.write_text(damage)
    else:
        redraw("migrate", folder=tmp_path, environ=environ)
        with closing(sqlite3.connect(kept)) as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
            database.commit()

    listed = redraw("jobs", folder=tmp_path, environ=environ)
    migrated = redraw("migrate", folder=tmp_path, environ=environ)

    assert (listed.returncode, listed.stdout) == (1, "")
    assert listed.stderr.startswith(f"redraw: {kept} ")
    assert migrated.returncode in {1, 2}
    assert "too busy" not in migrated.stderr


def test_options_before_the_command_are_not_ignored(tmp_path: Path) -> None:
    """`redraw jobs --json list` would print a table, so it is refused."""
    done = redraw("jobs", "--json", "list", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "options go after the command: redraw jobs list" in done.stderr


def test_worker_without_a_folder_names_the_setting(tmp_path: Path) -> None:
    """A data folder that cannot be made ends the worker like any other command."""
    (tmp_path / "file").write_text("")
    done = redraw("worker", folder=tmp_path, environ={"REDRAW_DATA_DIR": str(tmp_path / "file")})

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("redraw: REDRAW_DATA_DIR: ")


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """A list of jobs where there are none leaves no database behind."""
    done = redraw("jobs", "list", "--json", folder=tmp_path)

    assert json.loads(done.stdout) == []
    assert list(tmp_path.rglob("*.sqlite")) == []


def test_interrupt_while_loading_is_told_to_scripts(tmp_path: Path) -> None:
    """Ctrl-C before the libraries are loaded is not lost: 130, one object, and no job."""
    code = (
        "import os, signal, sys\n"
        "sys.argv = ['redraw', 'try', '--json']\n"
        "class Press:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'bot.trying':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Press())\n"
        "from bot.__main__ import main\n"
        "main()\n"
    )
    done = python(code, folder=tmp_path)

    assert (done.returncode, done.stderr) == (130, "")
    assert "stopped before anything was ordered" in json.loads(done.stdout)["error"]
    assert list(tmp_path.rglob("*.sqlite")) == []


def test_interrupt_before_anything_is_loaded_is_silent(tmp_path: Path) -> None:
    """Ctrl-C right at the beginning ends with 130 and no traceback."""
    code = (
        "import sys\n"
        "class Press:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'bot.cli':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Press())\n"
        "from bot.__main__ import main\n"
        "main()\n"
    )
    done = python(code, folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_crash_is_told_to_scripts(tmp_path: Path) -> None:
    """With `--json` even what nobody foresaw is one object, which names the log file."""
    code = (
        "import sys\n"
        "from bot import trying\n"
        "sys.argv = ['redraw', 'try', '--json']\n"
        "trying.look = None\n"
        "from bot.__main__ import main\n"
        "main()\n"
    )
    done = python(code, folder=tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    assert "should not have happened (TypeError)" in json.loads(done.stdout)["error"]
    assert (tmp_path / "data" / "redraw.log").is_file()


def python(code: str, *, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` with nothing set but where data are kept."""
    environ = {"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(ROOT), **measured()}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**environ, "REDRAW_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_nobody_foresaw_is_one_line_and_a_log(tmp_path: Path) -> None:
    """Details go to the log file, masked; a person reads one line that names it."""
    code = "from bot import exits; exits.report_unforeseen(ValueError('with k-7c1f9e'))"
    environ = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **measured()}
    environ |= {"QOLABA_API_KEY": "k-7c1f9e", "REDRAW_DATA_DIR": str(tmp_path / "data")}

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )

    log = tmp_path / "data" / "redraw.log"
    assert done.stderr == (
        f"redraw: this should not have happened (ValueError); the details are in {log}\n"
    )
    assert "with [hidden]" in log.read_text()
    assert "k-7c1f9e" not in log.read_text()
