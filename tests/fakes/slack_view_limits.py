"""What Slack asks of a view beyond its shape: what sends it, how large it is, what it is for."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from tests.fakes.problem import Path, Problem, mapping, objects
from tests.fakes.slack_block_limits import Surface, block_problems, elements_of
from tests.fakes.slack_block_shapes import VIEWS
from tests.fakes.slack_shape_limits import Object, shape_problems

MAX_BYTES = 250_000
"""Above it Slack answers `view_too_large`. Source: docs.slack.dev/reference/methods/views.open."""

TARGETS = {
    "views.open": ("trigger_id", "interactivity_pointer"),
    "views.push": ("trigger_id", "interactivity_pointer"),
    "views.update": ("view_id", "external_id"),
}
"""Of these arguments each method needs exactly one, which its reference does not say."""


def target_problems(method: str, arguments: Object) -> Iterator[Problem]:
    """Go through whether a call says which view it means, in one way."""
    named = [key for key in TARGETS.get(method, ()) if arguments.get(key)]
    if method in TARGETS and len(named) != 1:
        text = f"{named or 'nothing'} given, needs one of {TARGETS[method]}"
        yield Problem(rule="view target", path=(), text=text)


def view_problems(view: Object, path: Path) -> Iterator[Problem]:
    """Go through what a modal or a home breaks."""
    kind = str(view.get("type"))
    if kind not in VIEWS:
        yield _problem("view type", (*path, "type"), f"{kind} is no view")
        return
    if len(orjson.dumps(view)) > MAX_BYTES:
        yield _problem("view size", path, f"at most {MAX_BYTES} bytes")
    yield from shape_problems(view, VIEWS[kind], path)
    yield from block_problems(view.get("blocks", []), (*path, "blocks"), Surface.VIEW)
    yield from _focus(view, path)
    if kind == "modal":
        yield from _inputs(view, path)


def _focus(view: Object, path: Path) -> Iterator[Problem]:
    blocks = objects(view.get("blocks"), (*path, "blocks"))
    held = [(place, each) for where, block in blocks for place, each in elements_of(block, where)]
    focused = [place for place, element in held if element.get("focus_on_load") is True]
    for place in focused[1:]:
        yield _problem("focus", place, "another element has the focus")


def _inputs(view: Object, path: Path) -> Iterator[Problem]:
    """What is asked must be sendable, and named, so that it can be read and be told wrong."""
    blocks = objects(view.get("blocks"), (*path, "blocks"))
    inputs = [(where, block) for where, block in blocks if block.get("type") == "input"]
    if inputs and "submit" not in view:
        yield _problem("submit missing", (*path, "submit"), "inputs need a button to send them")
    for where, block in inputs:
        if not (block.get("block_id") and mapping(block.get("element")).get("action_id")):
            yield _problem("input unnamed", where, "needs a block_id and an action_id")


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)
