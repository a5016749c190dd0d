"""A REST call that is asked and its answer, and the table of who answers what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.fakes.discord_calls import FilePart, route_of
from tests.fakes.discord_refusals import Refused
from tests.fakes.discord_values import Json


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    A call as it came; `json` is None when there is no body.

    `read_s` is when all of it had been read, by the fake's monotonic clock.
    """

    method: str
    path: str
    query: Mapping[str, str]
    json: Any
    files: tuple[FilePart, ...]
    authorised_by: str | None
    at: datetime
    read_s: float

    @cached_property
    def route(self) -> str:
        """Method and path with names for ids."""
        return f"{self.method} {route_of(self.path)}"

    @property
    def body(self) -> Json:
        """The JSON object that was sent."""
        return self.json if isinstance(self.json, dict) else {}

    @cached_property
    def ids(self) -> dict[str, str]:
        """The ids of the path by name."""
        named = zip(route_of(self.path).split("/"), self.path.split("/"), strict=True)
        return {name[1:-1]: value for name, value in named if name.startswith("{")}

    def id(self, name: str) -> int:
        """Return an id of the path as a number; 0, which nothing has, when it is none."""
        value = self.ids.get(name, "")
        return int(value) if value.isdecimal() else 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call is answered with; a body of None is no body at all."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Answer]


class Table:
    """Who answers which route."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, handlers: Mapping[str, Handler]) -> None:
        """Let each handler answer its route (`GET /users/@me`)."""
        self._handlers.update(handlers)

    def find(self, asked: Asked) -> Handler:
        """Return who answers; 404 when nobody does."""
        handler = self._handlers.get(asked.route)
        if handler is None:
            raise Refused(404, 0, f"404: Not Found ({asked.route})")
        return handler
