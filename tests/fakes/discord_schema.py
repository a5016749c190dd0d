"""Calls and answers against the schemas of Discord's official OpenAPI document."""

from __future__ import annotations

import collections
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import ValidationError

from tests.fakes import discord_specification as specification
from tests.fakes.discord_calls import Call
from tests.fakes.problem import Path, Problem

JSON = "/content/application~1json/schema"
FLAGS = {"true": True, "false": False, "1": True, "0": False, "True": True, "False": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the document: where it is written, and what its path looks like."""

    pointer: str
    template: str
    shape: re.Pattern[str]
    written: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]


def problems(call: Call) -> Iterator[Problem]:
    """Go through what the document says against a request: route, path, query, body, files."""
    operation = find(call.method, call.path)
    if operation is None:
        text = f"Discord has no {call.method} {call.path}"
        yield Problem(rule="unknown operation", path=(), text=text)
        return
    yield from _in_path(call, operation)
    yield from _in_query(call, operation)
    yield from _in_body(call, operation)


def answer_problems(call: Call, answer_body: object) -> Iterator[Problem]:
    """Go through what the document says against the answer to a call, by the call's status."""
    operation = find(call.method, call.path)
    if operation is None or call.status == 0 or call.status >= 500:
        return
    answers = operation.written["responses"]
    status = next((s for s in (f"{call.status}", f"{call.status // 100}XX") if s in answers), None)
    if status is None:
        yield Problem(rule="answer", path=(), text=f"{call.status} is not documented here")
        return
    answer = answers[status]
    pointer = answer.get("$ref", f"#{operation.pointer}/responses/{status}")[1:]
    if "$ref" in answer or "content" in answer:
        yield from _judge(f"{pointer}{JSON}", answer_body, rule="answer", closed=False)
    elif answer_body not in (None, "", b""):
        yield Problem(rule="answer", path=(), text=f"{call.status} has no body")


def find(method: str, path: str) -> Operation | None:
    """Return the operation that a call means; literal segments win over named ones."""
    segments = path.count("/")
    candidates = _operations()[method.lower(), segments]
    return next((each for each in candidates if each.shape.fullmatch(path)), None)


@functools.cache
def _operations() -> Mapping[tuple[str, int], list[Operation]]:
    found: dict[tuple[str, int], list[Operation]] = collections.defaultdict(list)
    paths = specification.document()["paths"]
    for template in sorted(paths, key=lambda path: [part[:1] == "{" for part in path.split("/")]):
        for method, written in paths[template].items():
            if method != "parameters":
                operation = _operation(template, method, paths[template], written)
                found[method, template.count("/")].append(operation)
    return found


def _operation(
    template: str, method: str, item: Mapping[str, Any], written: Mapping[str, Any]
) -> Operation:
    escaped = template.replace("~", "~0").replace("/", "~1")
    return Operation(
        pointer=f"/paths/{escaped}/{method}",
        template=template,
        shape=re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))),
        written=written,
        parameters=(*item.get("parameters", ()), *written.get("parameters", ())),
    )


def _in_path(call: Call, operation: Operation) -> Iterator[Problem]:
    match = operation.shape.fullmatch(call.path)
    named = match.groupdict() if match else {}
    for parameter, pointer in _parameters(operation, "path"):
        value = named[parameter["name"]]
        yield from _judge(pointer, value, rule="path", path=(parameter["name"],))


def _in_query(call: Call, operation: Operation) -> Iterator[Problem]:
    known = {parameter["name"]: pointer for parameter, pointer in _parameters(operation, "query")}
    for name, value in call.query.items():
        if name not in known:
            text = f"{operation.template} takes no such parameter"
            yield Problem(rule="query", path=(f"?{name}",), text=text)
            continue
        pointer = known[name]
        yield from _judge(pointer, _read(value, pointer), rule="query", path=(f"?{name}",))


def _parameters(operation: Operation, place: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    own = len(operation.written.get("parameters", ()))
    shared = len(operation.parameters) - own
    for index, parameter in enumerate(operation.parameters):
        of_item = index < shared
        start = operation.pointer.rpartition("/")[0] if of_item else operation.pointer
        pointer = f"{start}/parameters/{index if of_item else index - shared}/schema"
        if parameter["in"] == place:
            yield parameter, pointer


def _read(value: str, pointer: str) -> object:
    """Read the text of a query parameter as what its schema says it is."""
    wanted = _at(pointer).get("type")
    if wanted == "boolean":
        return FLAGS.get(value, value)
    return int(value) if wanted == "integer" and value.lstrip("-").isdecimal() else value


def _at(pointer: str) -> Mapping[str, Any]:
    found: Any = specification.document()
    for part in pointer[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else found[key]
    schema: Mapping[str, Any] = found
    return schema


def _in_body(call: Call, operation: Operation) -> Iterator[Problem]:
    taken = operation.written.get("requestBody", {})
    if call.files and "multipart/form-data" not in taken.get("content", {}):
        yield Problem(rule="files", path=(), text=f"{operation.template} takes no files")
    if not taken:
        if call.body is not None:
            yield Problem(rule="schema", path=(), text=f"{call.method} takes no body here")
        return
    if call.body is None and not taken.get("required"):
        return
    yield from _judge(f"{operation.pointer}/requestBody{JSON}", call.body, rule="schema")


def _judge(
    pointer: str, value: object, *, rule: str, path: Path = (), closed: bool = True
) -> Iterator[Problem]:
    judge = specification.validator(pointer, closed=closed)
    for error in judge.iter_errors(value):
        yield from _said(error, rule, (*path, *error.absolute_path))


def _said(error: ValidationError, rule: str, path: Path) -> Iterator[Problem]:
    if error.validator != "additionalProperties" or error.validator_value is not False:
        yield Problem(rule=rule, path=path, text=error.message[:300])
        return
    known: Any = error.schema
    given: Any = error.instance
    for key in sorted(given.keys() - known["properties"].keys()):
        yield Problem(rule=rule, path=(*path, key), text="Discord knows no such key")
