"""The ids that Slack gives to blocks and elements that come without one."""

from __future__ import annotations

import copy
from collections.abc import Callable

from tests.fakes.slack_values import Json

NewId = Callable[[str], str]


def numbered(blocks: list[Json], new_id: NewId) -> list[Json]:
    """Return a copy of blocks in which everything that has an id has one."""
    own = copy.deepcopy(blocks)
    for block in own:
        block.setdefault("block_id", new_id("b"))
        for element in _elements(block):
            element.setdefault("action_id", new_id("a"))
    return own


def _elements(block: Json) -> list[Json]:
    if block["type"] == "input":
        return [block["element"]]
    if block["type"] == "actions":
        return list(block["elements"])
    accessory = block.get("accessory")
    return [accessory] if accessory and accessory["type"] != "image" else []
