"""A Web API call that is asked and its answer, and how one is read from a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.slack_values import Json

STRUCTURED = ("blocks", "view", "metadata", "files", "attachments", "channels", "users", "file_ids")
"""Arguments that may come as JSON in a text."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call as it came."""

    method: str
    verb: str
    arguments: Mapping[str, Any]
    token: str | None = field(repr=False)
    at: datetime

    def text(self, name: str) -> str:
        """Return an argument as text, empty when it is not there."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def list(self, name: str) -> list[Any]:
        """Return an argument that is a list, empty when it is not there."""
        value = self.arguments.get(name)
        return value if isinstance(value, list) else []

    def has(self, name: str) -> bool:
        """Tell whether an argument is there at all."""
        return self.arguments.get(name) is not None

    def flag(self, name: str) -> bool:
        """Return an argument that is yes or no."""
        return self.text(name).lower() in ("true", "1")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call is answered with: what goes along with `ok: true`."""

    body: Json = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Answer]


def aside(method: str, arguments: Json, *, token: str | None = None, at: datetime) -> Asked:
    """Return what is no call of a method in the form of one, for faults to choose by."""
    return Asked(method=method, verb="", arguments=arguments, token=token, at=at)


async def read(request: web.Request, method: str, at: datetime) -> Asked:
    """Return the call that a request is: query, form and JSON together."""
    arguments: Json = {**request.query, **await _body(request)}
    token = str(arguments.pop("token", "") or "") or None
    for name in STRUCTURED:
        arguments = _decoded(arguments, name)
    return Asked(
        method=method,
        verb=request.method,
        arguments=arguments,
        token=bearer_of(request) or token,
        at=at,
    )


def bearer_of(request: web.Request) -> str | None:
    """Return the token of a request's header, if there is one."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer if scheme == "Bearer" else None


async def _body(request: web.Request) -> Json:
    if request.content_type == "application/json":
        found = json.loads(await request.read() or b"{}")
        return found if isinstance(found, dict) else {}
    if request.content_type == "application/x-www-form-urlencoded":
        return {key: str(value) for key, value in (await request.post()).items()}
    if request.content_type == "multipart/form-data":
        return await _parts(request)
    return {}


async def _parts(request: web.Request) -> Json:
    found: Json = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        found[part.name or ""] = (await part.read()).decode(errors="replace")
    return found


def _decoded(arguments: Json, name: str) -> Json:
    value = arguments.get(name)
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return arguments
    try:
        return {**arguments, name: json.loads(value)}
    except ValueError:
        return arguments
