"""
Root: where log lines go, how they look, and what is masked in them.

Everything is written by structlog, the lines of libraries too; from those only warnings and
worse. Standard output belongs to what a command prints.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal, TextIO

import structlog

MASK = "[hidden]"
"""Stands where a secret was."""

_HIDDEN_KEYS = frozenset(
    {
        "authorization",
        "token",
        "bot_token",
        "app_token",
        "api_key",
        "password",
        "secret",
        "signing_secret",
        "cookie",
        "response_url",
        "upload_url",
        "url_private",
        "url_private_download",
    }
)
_SHORTEST_SECRET = 4
"""Masking shorter values would punch holes into ordinary words."""
_SHAPES = (
    re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]+"),
    re.compile(r"(/media/)[A-Za-z0-9._=-]+(?=/)"),
    re.compile(
        r"(?i)([?&](?:x-(?:amz|goog)-(?:signature|credential|security-token)"
        r"|sig|signature|hm|ticket)=)[^&\s\"']+"
    ),
    re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?\"']+"),
    re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"),
    re.compile(r"\b((?:xox[a-z](?:\.xox[a-z])?|xapp)-)[A-Za-z0-9%+/=_-]+"),
    re.compile(r"((?:hooks\.slack\.com|slack-files\.com)/)[^\s\"'<>]+"),
    re.compile(r"(/(?:files-(?:pri|tmb)|upload/v1)/)[^\s\"'<>]+"),
)
"""
What is a secret by its looks: bearer tokens, signatures of links (Discord's is `hm`), the tokens
by which an interaction of Discord is answered, passwords in URLs. Of Slack: its tokens, also those
for rotation (`xoxe`), the addresses by which a command is answered, files and uploads, and the
ticket with which a socket is opened.
"""

_NEEDLESS = frozenset(
    {
        "Guilds intent seems to be disabled. This may cause state related issues.",
        "PyNaCl is not installed, voice will NOT be supported",
        "davey is not installed, voice will NOT be supported",
    }
)
"""Warnings of discord.py about what is so on purpose: no intents, no voice."""

_FILE_BYTES = 1024 * 1024
_FILES = 2


class Redaction:
    """A structlog processor that masks secrets, known ones and those that look like it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        longest_first = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len)[::-1]
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(
        self,
        logger: object,  # noqa: ARG002  # structlog's signature
        method: str,  # noqa: ARG002  # structlog's signature
        event: MutableMapping[str, object],
    ) -> MutableMapping[str, object]:
        """Return the line without secrets."""
        return {key: self._value(key, value) for key, value in event.items()}

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        if self._known:
            text = self._known.sub(MASK, text)
        for shape in _SHAPES:
            text = shape.sub(rf"\g<1>{MASK}", text)
        return text

    def _value(self, key: object, value: object) -> object:
        if str(key).lower() in _HIDDEN_KEYS:
            return MASK
        if isinstance(value, Mapping):
            return {k: self._value(k, v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", v) for v in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


def configure(
    log_format: Literal["console", "json"], secrets: Iterable[str], stream: TextIO | None = None
) -> None:
    """Write every line of `info` and above to `stream`, standard error unless named."""
    stream = stream or sys.stderr
    _install(logging.StreamHandler(stream), log_format, secrets, colors=stream.isatty())


def configure_file(path: Path, secrets: Iterable[str]) -> None:
    """
    Write lines to `path` instead of a terminal on which something else is drawn.

    The file is kept to 1 MiB, with one older one beside it; a folder that is not there yet is made
    for its owner alone, since everything else will be there too. Where the file cannot be written
    to, nothing is logged: a command that only prints must not fail for it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8"
        )
    except OSError:
        _install(logging.NullHandler(), "json", secrets)
    else:
        path.chmod(0o600)
        _install(handler, "json", secrets)


def _install(
    handler: logging.Handler,
    log_format: Literal["console", "json"],
    secrets: Iterable[str],
    *,
    colors: bool = False,
) -> None:
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                Redaction(secrets),
                _renderer(log_format, colors=colors),
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler.addFilter(_is_needed)
    _route_everything_to(handler)


def _is_needed(record: logging.LogRecord) -> bool:
    return not (isinstance(record.msg, str) and record.msg in _NEEDLESS)


def _renderer(
    log_format: Literal["console", "json"], *, colors: bool
) -> structlog.typing.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0)


def _route_everything_to(handler: logging.Handler) -> None:
    root = logging.getLogger()
    for old in tuple(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    for ours in ("bot", "adapters", "core"):
        logging.getLogger(ours).setLevel(logging.INFO)
