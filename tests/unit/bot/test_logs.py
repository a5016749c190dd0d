"""What log lines look like, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from bot import logs

SECRETS = ("k-7c1f9e", "pw-ab12")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    before = structlog.get_config()
    for handler in handlers:
        root.removeHandler(handler)
    yield
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**before)


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_line_has_event_time_level_and_values() -> None:
    """A line of JSON carries a stable event name, the instant in UTC, the level and key-values."""
    stream = io.StringIO()
    logs.configure("json", SECRETS, stream)

    structlog.get_logger("bot.x").info("job_ready", job_id="01J", seconds=1.5)

    (line,) = _lines(stream)
    assert line["event"] == "job_ready"
    assert line["level"] == "info"
    assert str(line["timestamp"]).endswith("Z")
    assert (line["job_id"], line["seconds"]) == ("01J", 1.5)


def test_bound_job_id_is_on_every_line() -> None:
    """What was bound to the context, such as the job's id, is on each line."""
    stream = io.StringIO()
    logs.configure("json", (), stream)

    with structlog.contextvars.bound_contextvars(job_id="01J"):
        structlog.get_logger("core.x").info("step_done")

    assert _lines(stream)[0]["job_id"] == "01J"


def test_unnamed_logger_is_one_of_ours() -> None:
    """`structlog.get_logger()` takes the name of the module that calls it."""
    stream = io.StringIO()
    logs.configure("json", (), stream)
    code = "import structlog\nlog = structlog.get_logger()\ndef say(): log.info('claimed')"
    for name in ("core.jobs.example", "elsewhere"):
        module = ModuleType(name)
        exec(code, module.__dict__)
        module.say()

    assert [line["logger"] for line in _lines(stream)] == ["core.jobs.example"]


def test_lines_of_libraries_are_kept_from_warnings_on() -> None:
    """The standard library's logging is routed into the same lines; chatter is dropped."""
    stream = io.StringIO()
    logs.configure("json", (), stream)

    logging.getLogger("celery.worker").info("chatter")
    logging.getLogger("celery.worker").warning("trouble with %s", "x")

    (line,) = _lines(stream)
    assert (line["event"], line["level"]) == ("trouble with x", "warning")


def test_what_is_so_on_purpose_is_no_warning() -> None:
    """An operator is not told of intents and voice that Redraw does without, but of all else."""
    stream = io.StringIO()
    logs.configure("json", (), stream)

    logging.getLogger("discord.client").warning(
        "PyNaCl is not installed, voice will NOT be supported"
    )
    logging.getLogger("discord.client").warning("an endpoint is set")

    assert [line["event"] for line in _lines(stream)] == ["an endpoint is set"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_in_any_line(log_format: str) -> None:
    """Keys and passwords are masked in events, values, nested values and tracebacks."""
    stream = io.StringIO()
    logs.configure("json" if log_format == "json" else "console", SECRETS, stream)
    log = structlog.get_logger("bot.x")

    log.warning(
        "call with k-7c1f9e", url="postgresql://ada:pw-ab12@db/x", nested={"a": ["k-7c1f9e"]}
    )
    logging.getLogger("httpx").warning("sent %s", "Authorization: Bearer abc.def-123")
    try:
        int("bad key k-7c1f9e")
    except ValueError:
        log.exception("failed")

    written = stream.getvalue()
    assert "k-7c1f9e" not in written
    assert "pw-ab12" not in written
    assert "abc.def-123" not in written
    assert "ValueError" in written
    assert written.count(logs.MASK) >= 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /media/abc.def_-1/0f.jpg", "GET /media/[hidden]/0f.jpg"),
        ("redis://:pw9@host/0", "redis://:[hidden]@host/0"),
        ("https://b/x?X-Amz-Signature=00ff&y=1", "https://b/x?X-Amz-Signature=[hidden]&y=1"),
        ("s3?X-Amz-Security-Token=IQoJb3%2B&y=1", "s3?X-Amz-Security-Token=[hidden]&y=1"),
        ("gs?y=1&X-Goog-Signature=00ff", "gs?y=1&X-Goog-Signature=[hidden]"),
        (
            "PATCH /webhooks/12/aW50ZX_-/messages/@original",
            "PATCH /webhooks/12/[hidden]/messages/@original",
        ),
        (
            "POST /interactions/34/aW50ZX/callback?w=1",
            "POST /interactions/34/[hidden]/callback?w=1",
        ),
        ("https://cdn/a.png?ex=1&is=2&hm=00ff&", "https://cdn/a.png?ex=1&is=2&hm=[hidden]&"),
        ("authorization: bearer t0ken", "authorization: bearer [hidden]"),
        ("bot xoxb-1-2-aB3, rotated", "bot xoxb-[hidden], rotated"),
        ("xoxe.xoxb-1-Mi0-aB3 and xoxe-1-Mi0aB3", "xoxe.xoxb-[hidden] and xoxe-[hidden]"),
        ("xapp-1-A0-12-00ff\nnext", "xapp-[hidden]\nnext"),
        ("cookie d=xoxd-a%2Bb%3D; x", "cookie d=xoxd-[hidden]; x"),
        (
            "POST https://hooks.slack.com/commands/T0/12/aB3: 404",
            "POST https://hooks.slack.com/[hidden] 404",
        ),
        (
            "wss://wss-primary.slack.com/link/?ticket=00ff-1&app_id=A0",
            "wss://wss-primary.slack.com/link/?ticket=[hidden]&app_id=A0",
        ),
        (
            "<https://files.slack.com/files-pri/T0-F0/a.png>",
            "<https://files.slack.com/files-pri/[hidden]>",
        ),
        ("https://files.slack.com/upload/v1/CwAB3", "https://files.slack.com/upload/v1/[hidden]"),
        ("https://slack-files.com/T0-F0-00ff", "https://slack-files.com/[hidden]"),
        ("nothing to hide at http://127.0.0.1:80/a", "nothing to hide at http://127.0.0.1:80/a"),
    ],
    ids=[
        "media link",
        "password",
        "presigned",
        "presigned by a role",
        "presigned by Google",
        "interaction's answer",
        "interaction's acknowledgement",
        "file of Discord",
        "bearer",
        "bot token",
        "tokens of rotation",
        "app token",
        "cookie",
        "answer to a command",
        "socket",
        "private file",
        "upload",
        "public file",
        "plain",
    ],
)
def test_secrets_are_known_by_their_shape(text: str, expected: str) -> None:
    """Some secrets are made while running; they are masked by what they look like."""
    assert logs.Redaction(()).text(text) == expected


def test_short_values_are_not_masked() -> None:
    """A password of one letter would mask that letter everywhere."""
    assert logs.Redaction(("a", "")).text("a banana") == "a banana"


def test_hidden_keys_never_show_their_value() -> None:
    """Values under names such as `authorization` are masked whatever they are."""
    line = logs.Redaction(())(None, "info", {"event": "x", "Authorization": "Basic Zm9v"})

    assert line == {"event": "x", "Authorization": logs.MASK}


def test_file_is_private_and_bounded(tmp_path: Path) -> None:
    """A command that draws on the terminal logs to a file that only its owner can read."""
    path = tmp_path / "data" / "redraw.log"
    logs.configure_file(path, SECRETS)

    structlog.get_logger("bot.x").warning("with k-7c1f9e")

    assert json.loads(path.read_text())["event"] == "with [hidden]"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_file_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """Without a place for the log the command still runs."""
    (tmp_path / "file").write_text("in the way")

    logs.configure_file(tmp_path / "file" / "redraw.log", ())

    structlog.get_logger("bot.x").warning("unheard")
