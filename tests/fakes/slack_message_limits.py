"""What Slack asks of a message: its text, its blocks, its metadata; and of files that are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import orjson

from tests.fakes.problem import Path, Problem, length, mapping
from tests.fakes.slack_block_limits import Surface, block_problems
from tests.fakes.slack_shape_limits import Object

TEXTS = {"chat.postMessage": 40_000, "chat.postEphemeral": 40_000, "chat.update": 4_000}
"""
Most characters in `text`, by method.

Source: docs.slack.dev/changelog/2018-truncating-really-long-messages, and the error `msg_too_long`
of docs.slack.dev/reference/methods/chat.update.
"""
MAX_METADATA = 3000
"""Characters of metadata as JSON; above it Slack answers `metadata_too_large`."""
MAX_ALT = 1000
"""Source: `alt_txt_too_large` of docs.slack.dev/reference/methods/files.getUploadURLExternal."""
MAX_FILES = 14
"""Source: github.com/slackapi/python-slack-sdk/issues/1653: 15 end in `internal_error`."""
PICTURES = re.compile(r".+\.(png|jpe?g|gif)", re.IGNORECASE)
"""Names of files that may have an alt text. Source: python-slack-sdk issues 1575 and 1818."""
UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")


def message_problems(fields: Object, most: int) -> Iterator[Problem]:
    """Go through what a message breaks, whether a method or a response_url takes it."""
    text = fields.get("text")
    if not (isinstance(text, str) and text.strip()):
        yield _problem("text missing", ("text",), "goes with every message, beside blocks too")
    elif len(text) > most:
        yield _problem("text length", ("text",), f"{len(text)} characters, at most {most}")
    if fields.get("blocks") is not None:
        yield from block_problems(fields["blocks"], ("blocks",), Surface.MESSAGE)
    if fields.get("metadata") is not None:
        yield from _metadata(mapping(fields["metadata"]))


def upload_problems(method: str, arguments: Object) -> Iterator[Problem]:
    """Go through what the two calls around an upload break."""
    if method == "files.getUploadURLExternal":
        yield from _announced(arguments)
    if method == "files.completeUploadExternal":
        yield from _completed(arguments)


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _metadata(metadata: Object) -> Iterator[Problem]:
    path: Path = ("metadata",)
    size = len(orjson.dumps(metadata))
    if size > MAX_METADATA:
        yield _problem("metadata size", path, f"{size} characters, at most {MAX_METADATA}")
    for key in sorted(metadata.keys() - {"event_type", "event_payload"}):
        yield _problem("key unknown", (*path, key), "metadata has no such key")
    if not length(metadata.get("event_type")):
        yield _problem("metadata", (*path, "event_type"), "is needed")
    if not isinstance(metadata.get("event_payload"), Mapping):
        yield _problem("metadata", (*path, "event_payload"), "is needed, and an object")


def _announced(arguments: Object) -> Iterator[Problem]:
    name, alt = str(arguments.get("filename", "")), arguments.get("alt_txt")
    if not name or UNSAFE.search(name):
        yield _problem("file name", ("filename",), "is empty, or no plain name")
    if alt is None:
        return
    if not 1 <= length(alt) <= MAX_ALT:
        yield _problem("alt text", ("alt_txt",), f"{length(alt)} characters, at most {MAX_ALT}")
    if not PICTURES.fullmatch(name):
        yield _problem("alt text kind", ("alt_txt",), f"Slack shares {name!r} nowhere with it")


def _completed(arguments: Object) -> Iterator[Problem]:
    if not 1 <= length(arguments.get("files")) <= MAX_FILES:
        yield _problem("files", ("files",), f"1 to {MAX_FILES} files")
    if arguments.get("initial_comment") and arguments.get("blocks"):
        yield _problem("blocks ignored", ("blocks",), "go not with an initial_comment")
    places = [arguments["channel_id"]] if arguments.get("channel_id") else []
    places += [each for each in str(arguments.get("channels") or "").split(",") if each]
    if arguments.get("thread_ts") and len(places) != 1:
        yield _problem("thread", ("thread_ts",), "needs one channel, and one alone")
    if arguments.get("blocks") is not None:
        yield from block_problems(arguments["blocks"], ("blocks",), Surface.UPLOAD)
