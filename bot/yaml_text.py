"""Decider: plain values as YAML in block style, with every text quoted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_STEP = "  "


def yaml_text(value: Mapping[str, object]) -> str:
    """
    Return `value` as YAML: mappings, lists, texts, numbers and booleans; keys are plain words.

    A text is written as in JSON, which is a quoted text of YAML too: nothing of it can be taken
    for a number, a boolean or an anchor.
    """
    return "".join(f"{line}\n" for line in _mapping(value))


def _mapping(value: Mapping[str, object]) -> Iterator[str]:
    for key, each in value.items():
        if _is_nested(each):
            yield f"{key}:"
            yield from (_STEP + line for line in _nested(each))
        else:
            yield f"{key}: {_plain(each)}"


def _list(value: list[object]) -> Iterator[str]:
    for each in value:
        first, *others = _nested(each) if _is_nested(each) else (_plain(each),)
        yield f"- {first}"
        yield from (_STEP + line for line in others)


def _nested(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        return _mapping(value)
    assert isinstance(value, list)
    return _list(value)


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list) and bool(value)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
