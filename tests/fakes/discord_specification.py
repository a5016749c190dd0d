"""
Discord's official OpenAPI document, made ready to judge by.

The document is no part of this repository. It is `discord-openapi.json` in the folder that the
environment variable REDRAW_SPECS names, else in `../shared/specs` beside the repository. Two
readings are made of it: a closed one for requests, in which a key that Discord does not know is an
error, and an open one for answers, in which a fake may say more than it has to.
"""

from __future__ import annotations

import functools
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

NAME = "discord-openapi.json"
BESIDE = pathlib.Path(__file__).parents[3] / "shared" / "specs"
MISSING = f"{NAME} is not at hand: name its folder in the environment variable REDRAW_SPECS"
"""The reason for which the tests that need the document are skipped."""

URN = "urn:discord"
UNION = "x-redraw-union"
SNOWFLAKE = {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$", "minimum": 0}
"""Requests may write an id as a number, which discord.py does and the document does not say."""

RETAINED: Mapping[str, object] = {
    key: {} for key in ("proxy_url", "size", "url", "spoiler", "height", "width")
}
EXTRAS: Mapping[str, Mapping[str, object]] = {
    "MessageEditRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts": {"type": "boolean"}},
    "ApplicationCommandCreateRequest": {"nsfw": {"type": "boolean"}},
    "ApplicationCommandUpdateRequest": {"nsfw": {"type": "boolean"}},
    "MessageAttachmentRequest": {**RETAINED, "content_type": {}},
}
"""What discord.py 2.7.1 sends beyond the document; Discord takes no notice of it."""

_FIELD_ERROR = {"type": "object", "required": ["code", "message"]}
ANSWERED: Mapping[str, Mapping[str, object]] = {
    "InnerErrors": {"_errors": {"type": "array", "items": _FIELD_ERROR}},
    "CreateMessageInteractionCallbackResponse": {"type": {"enum": [4, 5]}},
}
"""
Where answers may be otherwise than the document says: the code of a field's error is a word
(Discord, Reference, Error Messages), and a deferral's resource may say type 5, on which the
document is silent.
"""
LIMITED: Mapping[str, object] = {
    "type": "object",
    "required": ["message", "retry_after", "global"],
    "properties": {"retry_after": {"type": "number"}, "global": {"type": "boolean"}},
}
"""A 429, whose code is optional. Source: Discord, Rate Limits, Rate Limit Response Structure."""


def path() -> pathlib.Path:
    """Where the document is looked for."""
    folder = os.environ.get("REDRAW_SPECS")  # noqa: TID251  # the tests' own switch, not a setting
    return (pathlib.Path(folder) if folder else BESIDE) / NAME


def is_at_hand() -> bool:
    """Whether there is a document to judge by."""
    return path().is_file()


@functools.cache
def document() -> dict[str, Any]:
    """
    Read the document.

    Raises:
        OSError: It is not at hand.

    """
    read: dict[str, Any] = orjson.loads(path().read_bytes())
    return read


@functools.cache
def validator(pointer: str, *, closed: bool) -> Any:
    """Return what judges by the schema at a JSON pointer of the document."""
    schema = {"$ref": f"{URN}#{pointer}"}
    return _Judge(schema, registry=_registry(closed=closed))


@functools.cache
def _registry(*, closed: bool) -> Any:
    contents = orjson.loads(path().read_bytes())
    schemas = contents["components"]["schemas"]
    _mend(schemas, EXTRAS if closed else ANSWERED)
    schemas.update({"SnowflakeType": SNOWFLAKE} if closed else {"RatelimitedResponse": LIMITED})
    for schema in _schemas_in(contents):
        _prepare(schema, schemas, closed=closed)
    resource: Any = DRAFT202012.create_resource(contents)
    return Registry().with_resource(URN, resource).crawl()


def _mend(schemas: Mapping[str, Any], mended: Mapping[str, Mapping[str, object]]) -> None:
    for name, properties in mended.items():
        schemas[name]["properties"].update(properties)


def _schemas_in(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _schemas_in(each)


def _prepare(schema: dict[str, Any], schemas: Mapping[str, Any], *, closed: bool) -> None:
    """Close a plain object, and make of a union a choice that can be told from its `type`."""
    plain = isinstance(schema.get("properties"), dict) and "allOf" not in schema
    if closed and plain and schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    for keyword in ("oneOf", "anyOf"):
        branches = schema.get(keyword)
        if isinstance(branches, list):
            del schema[keyword]
            schema.update(_choice(branches, schemas))


def _choice(branches: list[dict[str, Any]], schemas: Mapping[str, Any]) -> dict[str, object]:
    if all("const" in branch for branch in branches):
        return {"enum": [branch["const"] for branch in branches]}
    others = [branch for branch in branches if branch != {"type": "null"}]
    by_type = {kind: branch for branch in others for kind in _kinds(branch, schemas)}
    told = all(_kinds(branch, schemas) for branch in others)
    nullable = len(others) < len(branches)
    return {UNION: {"nullable": nullable, "by": by_type if told else {}, "branches": others}}


def _kinds(branch: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Any]:
    meant = schemas.get(str(branch.get("$ref")).rpartition("/")[2], branch)
    kinds: list[Any] = meant.get("properties", {}).get("type", {}).get("enum", [])
    return kinds


def _one_of(
    judge: Any, union: Mapping[str, Any], instance: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Judge by the branch that is meant: that of the `type`, else the one with least to say."""
    if instance is None and union["nullable"]:
        return
    if not (union["by"] and isinstance(instance, dict)):
        found = [list(judge.descend(instance, branch)) for branch in union["branches"]]
        yield from min(found, key=_distance)
        return
    kind = instance.get("type")
    if not (isinstance(kind, (int, str)) and kind in union["by"]):
        yield ValidationError(f"type {kind!r} is none of {sorted(union['by'])}")
        return
    yield from judge.descend(instance, union["by"][kind])


def _distance(found: list[ValidationError]) -> tuple[bool, int]:
    return any(error.validator == "type" and not error.path for error in found), len(found)


_Judge: Any = extend(Draft202012Validator, {UNION: _one_of})  # type: ignore[no-untyped-call]
