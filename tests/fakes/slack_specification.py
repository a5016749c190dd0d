"""
Slack's method reference and the schemas of app manifests, made ready to judge by.

They are no part of this repository. They are in `slack` in the folder that the environment
variable REDRAW_SPECS names, else in `../shared/specs` beside the repository: `methods/*.json`
(github.com/slack-ruby/slack-api-ref, made from docs.slack.dev), the manifest schemas
(github.com/slackapi/manifest-schema) and, for names of errors alone, Slack's OpenAPI of 2021.
"""

from __future__ import annotations

import functools
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from jsonschema import Draft7Validator

BESIDE = pathlib.Path(__file__).parents[3] / "shared" / "specs"
MISSING = "Slack's references are not at hand: name their folder in REDRAW_SPECS"
"""The reason for which the tests that need them are skipped."""

_OBJECT = {"type": "object"}
_NONE = {"type": "null"}
DECODED: Mapping[str, Mapping[str, object]] = {
    "blocks": {"anyOf": [{"type": "array", "items": _OBJECT}, _NONE]},
    "attachments": {"anyOf": [{"type": "array", "items": _OBJECT}, _NONE]},
    "view": _OBJECT,
    "metadata": {"anyOf": [_OBJECT, _NONE]},
}
"""Arguments that the reference calls texts of JSON; in a call they are decoded."""

TIMESTAMP = r"^[0-9]{1,10}\.[0-9]{6}$"
KINDS: Mapping[str, str] = {
    "channel": r"^[CDGUW][A-Z0-9]+$",
    "user": r"^[UW][A-Z0-9]+$",
    "user_id": r"^[UW][A-Z0-9]+$",
    "file": r"^F[A-Z0-9]+$",
    "file_id": r"^F[A-Z0-9]+$",
    "timestamp": TIMESTAMP,
    "ts": TIMESTAMP,
}
"""What ids and times look like, by the reference's own names for them (`subtype`, `schema`)."""
KEPT = ("type", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
EXTRA: Mapping[str, Mapping[str, object]] = {"team_id": {"type": "string"}}
"""What slack_bolt adds to every call."""


def folder() -> pathlib.Path:
    """Where the references are looked for."""
    named = os.environ.get("REDRAW_SPECS")  # noqa: TID251  # the tests' own switch, not a setting
    return (pathlib.Path(named) if named else BESIDE) / "slack"


def is_at_hand() -> bool:
    """Whether there is something to judge by."""
    return (folder() / "methods").is_dir()


def method(name: str) -> Mapping[str, Any] | None:
    """Return what the reference says of a method, None of one that it does not know."""
    path = folder() / "methods" / f"{name}.json"
    return _read(path) if name.replace(".", "").isalnum() and path.is_file() else None


def properties(name: str) -> Mapping[str, Any]:
    """Return the schemas of a method's arguments, those of decoded ones and of ids made so."""
    known: Mapping[str, Any] = _schema(folder() / "methods" / f"{name}.json")["properties"]
    return known


def validator(name: str) -> Draft7Validator:
    """Return what judges a method's arguments; an argument that it does not know is an error."""
    return _validator(folder() / "methods" / f"{name}.json")


def answer_validator(name: str) -> Draft7Validator:
    """Return what judges the body of a method's answer, in which more may stand."""
    return _answer_validator(folder() / "methods" / f"{name}.json")


def manifest_validator(version: int) -> Draft7Validator:
    """Return what judges a manifest of a major version, 1 or 2."""
    return _manifest_validator(folder() / f"manifest.schema.{version}.0.0.json")


def event_scopes(name: str) -> list[str]:
    """Return the scopes of which an event needs one; the reference writes `:` as a dot."""
    events = {event["name"]: event for event in _read(folder() / "events.json")}
    return [scope.replace(".", ":") for scope in events.get(name, {}).get("scopes", [])]


def knows_event(name: str) -> bool:
    """Whether an app can subscribe to an event."""
    return any(event["name"] == name for event in _read(folder() / "events.json"))


def former_errors(name: str) -> frozenset[str]:
    """Return the errors that Slack's OpenAPI of 2021 lists for a method."""
    document = _read(folder() / "slack_web_openapi_v2_2021.json")
    operations = document["paths"].get(f"/{name}", {}).values()
    return frozenset(error for operation in operations for error in _errors_of(operation))


def _errors_of(operation: Mapping[str, Any]) -> Iterator[str]:
    for response in operation["responses"].values():
        yield from response.get("schema", {}).get("properties", {}).get("error", {}).get("enum", ())


@functools.cache
def _read(path: pathlib.Path) -> Any:
    return orjson.loads(path.read_bytes())


@functools.cache
def _answer_validator(path: pathlib.Path) -> Draft7Validator:
    return Draft7Validator(_cleaned("", _read(path).get("output") or {}, closed=False))


@functools.cache
def _manifest_validator(path: pathlib.Path) -> Draft7Validator:
    return Draft7Validator(_read(path))


@functools.cache
def _validator(path: pathlib.Path) -> Draft7Validator:
    return Draft7Validator(_schema(path))


@functools.cache
def _schema(path: pathlib.Path) -> dict[str, Any]:
    written = _read(path)["args"]
    named = {key: value for key, value in written["properties"].items() if key != "token"}
    known = {key: DECODED.get(key) or _cleaned(key, value) for key, value in named.items()}
    return {
        "type": "object",
        "required": [key for key in written.get("required", ()) if key != "token"],
        "properties": {**EXTRA, **known},
        "additionalProperties": False,
    }


def _cleaned(name: str, written: Mapping[str, Any], *, closed: bool = True) -> dict[str, Any]:
    """Return what of a description is JSON Schema, and what an id or a time looks like."""
    schema = {key: value for key, value in written.items() if key in KEPT}
    for key in ("anyOf", "oneOf"):
        if key in written:
            schema[key] = [_cleaned(name, each, closed=closed) for each in written[key]]
    if "items" in written:
        schema["items"] = _cleaned("", written["items"], closed=closed)
    if "properties" in written:
        inner = written["properties"].items()
        schema["properties"] = {key: _cleaned(key, each, closed=closed) for key, each in inner}
        schema["required"] = written.get("required", [])
        schema["additionalProperties"] = not closed
    return schema | _kind(name, written)


def _kind(name: str, written: Mapping[str, Any]) -> dict[str, str]:
    kind = "ts" if name == "thread_ts" else written.get("subtype") or written.get("schema")
    if kind in KINDS and written.get("type", "string") == "string" and "anyOf" not in written:
        return {"type": "string", "pattern": KINDS[str(kind)]}
    return {}
