"""What slack_sdk's own models say against blocks and views: a second opinion on our rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.fakes.problem import Path, Problem, mapping, objects
from tests.fakes.slack_shape_limits import Object

REFUSALS = (SlackObjectFormationError, TypeError, AttributeError, KeyError, ValueError)
"""What a model raises: its own error, and others where it did not think of one."""
ANY_BLOCKS = [{"type": "divider"}]
"""In place of the blocks of a view, which are judged one by one."""


def model_problems(arguments: Object, found: Iterable[Problem]) -> Iterator[Problem]:
    """Go through the blocks and the view that a model refuses, where nothing else was found."""
    told = [problem.path for problem in found]
    for path, kind, given in _places(arguments):
        if any(each[: len(path)] == path for each in told):
            continue
        try:
            _judge(kind, given)
        except REFUSALS as error:
            yield Problem(rule="model", path=path, text=str(error)[:300])


def _places(arguments: Object) -> Iterator[tuple[Path, type[Block | View], Object]]:
    view = mapping(arguments.get("view"))
    for path, block in objects(arguments.get("blocks"), ("blocks",)):
        yield path, Block, block
    for path, block in objects(view.get("blocks"), ("view", "blocks")):
        yield path, Block, block
    if view:
        yield ("view",), View, {**view, "blocks": ANY_BLOCKS}


def _judge(kind: type[Block | View], given: Mapping[str, Any]) -> None:
    if kind is View:
        View(**given).validate_json()
        return
    block = Block.parse(dict(given))
    if block is not None:
        block.to_dict()
