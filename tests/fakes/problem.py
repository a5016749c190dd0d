"""One thing that is wrong with a call to a chat platform, and reading bodies of any shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and indexes from the body down; a query parameter is `("?name",)`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong (`text`), where in the body (`path`), and by which rule."""

    rule: str
    path: Path
    text: str

    def __str__(self) -> str:
        where = "/".join(map(str, self.path)) or "the call"
        return f"{self.rule}: {where}: {self.text}"


def mapping(value: object) -> Mapping[str, object]:
    """Return `value` when it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> Sequence[object]:
    """Return `value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: object, path: Path) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Go through the objects of a list, each with its path."""
    for index, entry in enumerate(listed(value)):
        if isinstance(entry, Mapping):
            yield (*path, index), entry


def length(value: object) -> int:
    """Return the characters of a text or the entries of a list, else 0."""
    return len(value) if isinstance(value, (str, list)) else 0


def number(value: object) -> int | None:
    """Return `value` when it is a whole number, or a text of digits."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
