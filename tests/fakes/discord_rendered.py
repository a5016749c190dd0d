"""What our adapter renders, put into the call that would carry it, to be read and judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import discord

from tests.fakes.clock import START
from tests.fakes.discord_calls import Call, FilePart
from tests.fakes.discord_legality import problems

V2 = 1 << 15
Component = Mapping[str, Any]
T = TypeVar("T")


def components(view: discord.ui.LayoutView) -> list[dict[str, Any]]:
    """Return a view as discord.py sends it."""
    return list(view.to_components())  # type: ignore[no-untyped-call] # discord.py's own gap


def posted(view: discord.ui.LayoutView, files: Sequence[str] = ()) -> Call:
    """Return the call that posts a view together with files of these names."""
    named = [{"id": str(each), "filename": name} for each, name in enumerate(files)]
    body = {
        "components": components(view),
        "flags": V2,
        "nonce": "n",
        "enforce_nonce": True,
        "allowed_mentions": {"parse": []},
        **({"attachments": named} if named else {}),
    }
    return _call("/channels/1/messages", body, files, by="bot")


def opened(modal: discord.ui.Modal) -> Call:
    """Return the call that opens a form."""
    body = {"type": 9, "data": modal.to_dict()}
    return _call("/interactions/1/token/callback", body, (), by="token")


def offered(choices: Sequence[discord.app_commands.Choice[str]]) -> Call:
    """Return the call that answers with choices."""
    body = {"type": 8, "data": {"choices": [each.to_dict() for each in choices]}}
    return _call("/interactions/1/token/callback", body, (), by="token")


def _call(path: str, body: object, files: Sequence[str], *, by: str) -> Call:
    parts = tuple(
        FilePart(name=f"files[{each}]", filename=name, content_type="image/jpeg", data=b"x")
        for each, name in enumerate(files)
    )
    return Call(
        method="POST",
        path=path,
        query={"with_response": "1"} if by == "token" else {},
        body=body,
        files=parts,
        authorised_by=by,
        status=200,
        at=START,
    )


def legal(call: Call) -> bool:
    """Whether Discord takes it; when not, the failed assertion says why."""
    found = problems(call)
    assert not found, found
    return True


def every(found: Sequence[Component]) -> Iterator[Component]:
    """Go through all components, nested ones too, in the order in which they are read."""
    for each in found:
        yield each
        yield from every(each.get("components", ()))
        yield from every([each[key] for key in ("accessory", "component") if key in each])


def texts(view: discord.ui.LayoutView) -> str:
    """Return all that a view says, in order."""
    return "\n".join(each["content"] for each in every(components(view)) if "content" in each)


def labels(view: discord.ui.LayoutView) -> list[str]:
    """Return the labels of a view's buttons that are no links, in order."""
    return [each["label"] for each in buttons(view) if "custom_id" in each]


def buttons(view: discord.ui.LayoutView) -> list[Component]:
    """Return a view's buttons, links too."""
    return [each for each in every(components(view)) if each["type"] == 2]


async def _inside(build: Callable[[], T]) -> T:
    return build()


def rendered(build: Callable[[], T]) -> T:
    """Return what `build` makes inside a running loop, as views and forms have to be."""
    return asyncio.run(_inside(build))
