"""Files and pictures on the wire: attachments, and components with what Discord knows of media."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from tests.fakes.discord_components import CONTAINER, FILE, SELECTS, SEPARATOR, THUMBNAIL
from tests.fakes.discord_links import Links
from tests.fakes.discord_values import Attachment, Json, Message

CHOOSING: Json = {"min_values": 1, "max_values": 1}
SHOWING: Json = {"description": None, "spoiler": False}
FILLED_IN: Mapping[int, Json] = {
    **dict.fromkeys(SELECTS, CHOOSING),
    THUMBNAIL: SHOWING,
    FILE: {"spoiler": False},
    SEPARATOR: {"spacing": 1, "divider": True},
    CONTAINER: {"accent_color": None, "spoiler": False},
}
"""What Discord says of components that did not say so themselves. Source: its OpenAPI."""

LOADED = 2
"""The loading state of a picture that Discord has looked at."""


class Media:
    """Writes attachments and components; links are signed anew each time."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def attachment(self, attachment: Attachment) -> Json:
        """Return an attachment object with fresh links."""
        width, height = attachment.size_px or (None, None)
        seen = {"width": width, "height": height} if attachment.size_px else {}
        if attachment.description is not None:
            seen |= {"description": attachment.description}  # type: ignore[dict-item]  # one JSON object
        if attachment.ephemeral:
            seen |= {"ephemeral": True}
        return {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.data),
            "url": self._links.attachment(attachment),
            "proxy_url": self._links.attachment(attachment, proxy=True),
            "content_type": attachment.content_type,
            **seen,
        }

    def component(self, component: Json, message: Message) -> Json:
        """Return a component as it is answered: media carry real addresses and sizes."""
        kind = component.get("type")
        new = {**(SHOWING if kind is None else FILLED_IN.get(kind, {})), **component}
        for key in ("components", "items"):
            if key in new:
                new[key] = [self.component(inner, message) for inner in new[key]]
        if isinstance(new.get("accessory"), dict):
            new["accessory"] = self.component(new["accessory"], message)
        for key in ("media", "file"):
            if key in new:
                new[key] = self._medium(new[key]["url"], message)
        return new | _named(new, message)

    def _medium(self, url: str, message: Message) -> Json:
        name = url.removeprefix("attachment://")
        for attachment in message.attachments:
            if url.startswith("attachment://") and attachment.filename == name:
                return self._uploaded(attachment)
        return {"url": url, "proxy_url": self._links.external(url), "id": str(_number(url))}

    def _uploaded(self, attachment: Attachment) -> Json:
        width, height = attachment.size_px or (None, None)
        return {
            "id": str(attachment.id + 1),
            "url": self._links.attachment(attachment),
            "proxy_url": self._links.attachment(attachment, proxy=True),
            "width": width,
            "height": height,
            "content_type": attachment.content_type,
            "loading_state": LOADED,
            "attachment_id": str(attachment.id),
        }


def _named(component: Json, message: Message) -> Json:
    """Return the name and size that a file component is shown with."""
    uploads = {str(one.id): one for one in message.attachments}
    upload = uploads.get(str(component.get("file", {}).get("attachment_id")))
    return {"name": upload.filename, "size": len(upload.data)} if upload else {}


def _number(url: str) -> int:
    return int.from_bytes(hashlib.sha256(url.encode()).digest()[:7], "big")
