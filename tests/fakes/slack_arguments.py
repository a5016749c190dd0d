"""Calls against Slack's method reference: the method, and its arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

from tests.fakes import slack_specification as specification
from tests.fakes.problem import Path, Problem
from tests.fakes.slack_calls import Call

FLAGS = {"true": True, "false": False, "1": True, "0": False}


def problems(call: Call) -> Iterator[Problem]:
    """Go through what the reference says against a call: method, and every argument."""
    if specification.method(call.method) is None:
        yield _problem("method unknown", (), f"the reference has no {call.method}")
        return
    given = arguments_of(call)
    for error in specification.validator(call.method).iter_errors(given):
        yield from said(error)


def arguments_of(call: Call) -> dict[str, object]:
    """Return the arguments, those of a query or a form read as what the reference says."""
    known = specification.properties(call.method)
    return {key: _read(value, known.get(key, {})) for key, value in call.arguments.items()}


def said(error: ValidationError) -> Iterator[Problem]:
    """Say what a schema found: an argument too many, one too few, or one of the wrong kind."""
    path = tuple(error.absolute_path)
    given: Any = error.instance
    known: Any = error.schema
    if error.validator == "additionalProperties":
        for key in sorted(given.keys() - known["properties"].keys()):
            yield _problem("argument unknown", (*path, key), "the reference has no such argument")
    elif error.validator == "required":
        missing = [key for key in known["required"] if f"'{key}'" == error.message.split(" ")[0]]
        yield _problem("argument missing", (*path, *missing), "is required")
    else:
        yield _problem("argument", path, error.message[:300])


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _read(value: object, schema: Mapping[str, Any]) -> object:
    """Read a text as a flag, a number or a list, when that is what is wanted."""
    if not isinstance(value, str):
        return value
    wanted = schema.get("type")
    if wanted == "boolean":
        return FLAGS.get(value, value)
    if wanted == "array":
        return value.split(",")
    return int(value) if wanted in ("integer", "number") and value.isdecimal() else value
