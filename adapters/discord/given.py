"""Decider: what a user gave with a command: pictures of its options, or of a message; values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.candidates import EXTENSIONS
from adapters.discord.access import Announced
from adapters.discord.interactions import Payload
from adapters.discord.origin import Upload

IMAGE_OPTIONS: Final = ("image", "image2", "image3", "image4")
PICTURES_MAX: Final = 10
"""How many pictures of one message are looked at: as many as a message can have attached."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What came with a command."""

    values: Mapping[str, object]
    """As given; whether it can be carried out is the desk's to say."""
    pictures: tuple[Upload, ...]
    files: tuple[Announced, ...]
    """The same pictures, as access looks at them."""

    def text(self, name: str) -> str:
        """Return an option as text; empty when it was not given."""
        return str(self.values.get(name) or "")


def given(data: Payload) -> Given:
    """Return what the options of a slash command hold."""
    options = {str(option["name"]): option.get("value") for option in data.get("options", ())}
    attached = (data.get("resolved") or {}).get("attachments") or {}
    images = {
        name: attached[str(options[name])]
        for name in IMAGE_OPTIONS
        if name in options and str(options[name]) in attached
    }
    return Given(
        values={name: value for name, value in options.items() if name not in IMAGE_OPTIONS},
        pictures=tuple(map(_upload, images.values())),
        files=tuple(_announced(name, told) for name, told in images.items()),
    )


def focused(data: Payload) -> tuple[str, str]:
    """Return the option that is being typed into, and what is there so far."""
    option = next(each for each in data.get("options", ()) if each.get("focused"))
    return str(option["name"]), str(option.get("value") or "")


def text_of(data: Payload, name: str) -> str:
    """Return what an option holds so far, as text; empty when it is not there."""
    values = (each.get("value") for each in data.get("options", ()) if each["name"] == name)
    return str(next(values, "") or "")


def target(data: Payload) -> Payload:
    """Return the message that a message command was used on."""
    found: Payload = data["resolved"]["messages"][str(data["target_id"])]
    return found


def pictures_of(message: Payload) -> tuple[Upload, ...]:
    """
    Return the pictures that a message shows, in order, each once.

    Attachments by what they announce; embeds by Discord's own copy and never by the page's
    address; messages made of components by their media; forwarded messages by what they forward.
    """
    found = {upload.url: upload for upload in _pictures(message) if upload.url}
    return tuple(found.values())[:PICTURES_MAX]


def announced(pictures: tuple[Upload, ...]) -> tuple[Announced, ...]:
    """Return how access is to look at pictures that were found rather than given."""
    return tuple(
        Announced(parameter="image", size_bytes=each.size_bytes, content_type=each.content_type)
        for each in pictures
    )


def _pictures(message: Payload) -> Iterator[Upload]:
    attachments = [each for each in message.get("attachments") or () if _is_picture(each)]
    yield from map(_upload, attachments)
    for embed in message.get("embeds") or ():
        yield from _embedded(embed)
    if not attachments:
        yield from _media(message.get("components"))
    for snapshot in message.get("message_snapshots") or ():
        yield from _pictures(snapshot.get("message") or {})


def _embedded(embed: Payload) -> Iterator[Upload]:
    """An embed has a large picture, or a small one, or both; the large one is meant."""
    for name in ("image", "thumbnail"):
        shown = embed.get(name) or {}
        if shown.get("proxy_url"):
            yield Upload(url=str(shown["proxy_url"]))
            return


def _media(components: Any) -> Iterator[Upload]:
    for component in components or ():
        for shown in (component.get("media"), component.get("file")):
            if isinstance(shown, Mapping) and _is_picture(shown):
                yield _shown(shown)
        for nested in ("components", "items"):
            yield from _media(component.get(nested))
        if isinstance(component.get("accessory"), Mapping):
            yield from _media([component["accessory"]])


def _shown(media: Payload) -> Upload:
    """Only what was attached has an address of Discord's own; all else is fetched by its copy."""
    address = media["url"] if media.get("attachment_id") else media.get("proxy_url") or ""
    return Upload(url=str(address), content_type=media.get("content_type"))


def _upload(attachment: Payload) -> Upload:
    return Upload(
        url=str(attachment["url"]),
        size_bytes=attachment.get("size"),
        content_type=attachment.get("content_type"),
    )


def _announced(parameter: str, attachment: Payload) -> Announced:
    return Announced(
        parameter=parameter,
        filename=str(attachment.get("filename") or ""),
        size_bytes=attachment.get("size"),
        content_type=attachment.get("content_type"),
    )


def _is_picture(file: Payload) -> bool:
    """Whether a file says that it is a picture, or has the extension of one."""
    if str(file.get("content_type") or "").startswith("image/"):
        return True
    _, dot, extension = str(file.get("filename") or "").casefold().rpartition(".")
    return bool(dot) and extension in EXTENSIONS
