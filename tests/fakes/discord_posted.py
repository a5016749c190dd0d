"""What a call puts up: a message that is new or edited, or a modal, with its components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from tests.fakes.discord_calls import Call, FilePart
from tests.fakes.problem import Path, mapping, number, objects

COMPONENTS_V2 = 1 << 15
"""The flag IS_COMPONENTS_V2. Source: Discord, Component Reference."""


class Kind(IntEnum):
    """Types of components. Source: Discord, Component Reference."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18


SELECTS = (3, 5, 6, 7, 8)
ONLY_V2 = (9, 10, 11, 12, 13, 14, 17)
"""Components that a message without the flag may not have."""


class Callback(IntEnum):
    """Types of interaction callbacks. Source: Discord, Receiving and Responding."""

    MESSAGE = 4
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


class Way(StrEnum):
    """How a message is put up; each way has rules of its own."""

    SENT = "sent"
    EDITED = "edited"
    RESPONSE = "response"
    UPDATE = "update"
    FOLLOWUP = "followup"
    FOLLOWUP_EDITED = "followup edited"


CALLBACK = "POST /interactions/{interaction}/{token}/callback"
WEBHOOK = "/webhooks/{application}/{token}"
WAYS = {
    "POST /channels/{channel}/messages": Way.SENT,
    "PATCH /channels/{channel}/messages/{message}": Way.EDITED,
    f"POST {WEBHOOK}": Way.FOLLOWUP,
    f"PATCH {WEBHOOK}/messages/@original": Way.FOLLOWUP_EDITED,
    f"PATCH {WEBHOOK}/messages/{{message}}": Way.FOLLOWUP_EDITED,
}
EDITS = (Way.EDITED, Way.UPDATE, Way.FOLLOWUP_EDITED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A message: its fields, where in the body they stand, its files, and the way it goes."""

    way: Way
    fields: Mapping[str, object]
    path: Path
    files: tuple[FilePart, ...]

    @property
    def edits(self) -> bool:
        """Whether what is not said stays as it was."""
        return self.way in EDITS

    @property
    def is_v2(self) -> bool:
        """Whether the call itself says IS_COMPONENTS_V2."""
        return bool((number(self.fields.get("flags")) or 0) & COMPONENTS_V2)

    def components(self) -> Iterator[tuple[Path, Mapping[str, object]]]:
        """Go through all components, nested ones too, each with its path."""
        return components_in(self.fields, self.path)


def message_of(call: Call) -> Posted | None:
    """Return the message that the call puts up, or None."""
    body = mapping(call.body)
    if call.route in WAYS:
        return Posted(way=WAYS[call.route], fields=body, path=(), files=call.files)
    way = {4: Way.RESPONSE, 7: Way.UPDATE}.get(callback_type(call) or 0)
    if way is None:
        return None
    return Posted(way=way, fields=mapping(body.get("data")), path=("data",), files=call.files)


def modal_of(call: Call) -> Mapping[str, object] | None:
    """Return the modal that the call opens, or None; it stands at `data`."""
    return mapping(mapping(call.body).get("data")) if callback_type(call) == 9 else None


def callback_type(call: Call) -> int | None:
    """Return the type of an interaction callback, None for any other call."""
    return number(mapping(call.body).get("type")) if call.route == CALLBACK else None


def components_in(
    holder: Mapping[str, object], path: Path
) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Go through the components that an object holds, depth first, each with its path."""
    held = list(objects(holder.get("components"), (*path, "components")))
    single = [key for key in ("accessory", "component") if isinstance(holder.get(key), Mapping)]
    held += [((*path, key), mapping(holder[key])) for key in single]
    for where, component in held:
        yield where, component
        yield from components_in(component, where)


def media_in(component: Mapping[str, object], path: Path) -> Iterator[tuple[Path, str]]:
    """Go through the addresses of pictures and files that one component shows."""
    holders = [(path, component), *objects(component.get("items"), (*path, "items"))]
    for where, holder in holders:
        for key in ("media", "file"):
            url = mapping(holder.get(key)).get("url")
            if isinstance(url, str):
                yield (*where, key, "url"), url
