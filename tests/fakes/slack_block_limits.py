"""What Slack asks of the blocks of a message or a view: how many, how long, where, and ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from tests.fakes.problem import Path, Problem, listed, mapping, objects
from tests.fakes.slack_block_shapes import BLOCKS
from tests.fakes.slack_element_limits import element_problems
from tests.fakes.slack_shape_limits import Object, each_of, shape_problems

MAX_IN_MESSAGE = 50
MAX_IN_VIEW = 100
MAX_TEXT = 13_000
"""
Characters in all blocks of a message together: above it Slack answers `msg_blocks_too_long`.

Source: github.com/slackapi/bolt-js/issues/2509; the pages name no number.
"""


class Surface(StrEnum):
    """What blocks are put on."""

    MESSAGE = "message"
    VIEW = "view"
    UPLOAD = "upload"
    """The message that comes with files.completeUploadExternal."""


PLACES: Mapping[str, tuple[Surface, ...]] = {"markdown": (Surface.MESSAGE,)}
"""Blocks that do not go everywhere. Source: python-slack-sdk issue 1756 for uploads."""
MOST = {Surface.MESSAGE: MAX_IN_MESSAGE, Surface.UPLOAD: MAX_IN_MESSAGE}


def block_problems(blocks: object, path: Path, surface: Surface) -> Iterator[Problem]:
    """Go through what the blocks of one message or view break, one by one and together."""
    if not isinstance(blocks, list):
        yield _problem("key type", path, "is no list of blocks")
        return
    if surface in MOST and len(blocks) > MOST[surface]:
        yield _problem("blocks total", path, f"{len(blocks)}, at most {MOST[surface]}")
    if surface in MOST and characters(blocks) > MAX_TEXT:
        yield _problem("blocks text", path, f"{characters(blocks)}, at most {MAX_TEXT}")
    yield from _same_ids(objects(blocks, path), "block_id")
    for where, block in each_of(blocks, path):
        yield from _block(block, where, surface)


def elements_of(block: Object, path: Path) -> Iterator[tuple[Path, Object]]:
    """Go through the elements that a block itself holds, each with its path."""
    for key in ("elements", "element", "accessory"):
        for where, each in each_of(block.get(key), (*path, key)):
            if isinstance(each, Mapping):
                yield where, each


def characters(value: object) -> int:
    """Count the characters of every `text` at any depth."""
    if isinstance(value, Mapping):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(characters, value.values()))
    return sum(map(characters, listed(value)))


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _block(block: object, path: Path, surface: Surface) -> Iterator[Problem]:
    said = mapping(block)
    kind = str(said.get("type"))
    if kind not in BLOCKS:
        yield _problem("block type", path, f"{kind} is no block that we know")
        return
    if surface not in PLACES.get(kind, tuple(Surface)):
        yield _problem("block place", path, f"{kind} does not go on a {surface}")
    yield from shape_problems(said, BLOCKS[kind], path)
    yield from element_problems(said, path)
    yield from _same_ids(elements_of(said, path), "action_id")
    for where, element in elements_of(said, path):
        yield from element_problems(element, where)
        if "response_url_enabled" in element and (kind, surface) != ("input", Surface.VIEW):
            yield _problem("response_url", where, "is for inputs of a modal alone")


def _same_ids(places: Iterator[tuple[Path, Object]], key: str) -> Iterator[Problem]:
    """
    Find ids that are there twice.

    A block_id is unique in its message or view, an action_id in its block. Source:
    docs.slack.dev/reference/block-kit/block-elements/button-element, `action_id`.
    """
    seen: set[object] = set()
    for path, holder in places:
        name = holder.get(key)
        if isinstance(name, str) and name in seen:
            yield _problem(f"{key} twice", (*path, key), f"{name!r} is taken")
        seen.add(name if isinstance(name, str) else None)
