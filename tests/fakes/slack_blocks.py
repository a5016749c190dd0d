"""What the fake itself refuses in blocks: what Slack cannot show at all."""

from __future__ import annotations

from typing import Any

from tests.fakes.slack_refusals import Refused, invalid
from tests.fakes.slack_values import Json
from tests.fakes.slack_world import World

MESSAGE_BLOCKS = 50
"""Source: Slack, reference/block-kit/blocks."""

SHOWN_TYPES = ("image/png", "image/jpeg", "image/gif")
"""Files that an image block takes. Source: Slack, composition-objects/slack-file-object."""


def check_blocks(world: World, blocks: list[Any]) -> None:
    """Refuse blocks that are none, too many, or that show a file which cannot be shown yet."""
    if not all(isinstance(block, dict) and "type" in block for block in blocks):
        raise Refused("invalid_blocks_format")
    if len(blocks) > MESSAGE_BLOCKS:
        raise invalid("invalid_blocks", f"no more than {MESSAGE_BLOCKS} items allowed")
    for number, block in enumerate(blocks):
        for part in (block, block.get("accessory") or {}):
            if "slack_file" in part and not _shows(world, part["slack_file"]):
                raise invalid("invalid_blocks", f"invalid slack file [json-pointer:/{number}]")


def _shows(world: World, named: Json) -> bool:
    file = world.files.get(str(named.get("id")))
    if file is None or file.deleted or not file.processed:
        return False
    return world.sees(file) and file.mimetype in SHOWN_TYPES
