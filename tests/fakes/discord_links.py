"""Addresses of the fake CDN: signed, and dead after a while, as Discord's are."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from core.clock import Clock
from tests.fakes.discord_values import Attachment

SECRET = b"what only the fake knows"


class Links:
    """Makes and judges links; `expires_after` may be changed at any time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.origin = ""
        self.expires_after = timedelta(hours=24)
        """Source: Discord's announcement of signed attachment links (24 hours)."""

    def attachment(self, attachment: Attachment, *, proxy: bool = False) -> str:
        """Return a link to the file, fresh from now on, on the CDN or on its media proxy."""
        path = path_of(attachment)
        signed = f"{path}?{self._signature(path)}"
        return self.origin + ("/media" if proxy else "") + signed

    def external(self, url: str) -> str:
        """Return the media proxy's link to a picture elsewhere, `url`."""
        scheme, _, rest = url.partition("://")
        digest = hashlib.sha256(url.encode()).hexdigest()[:32]
        return f"{self.origin}/external/{digest}/{scheme}/{quote(rest)}"

    def holds(self, path: str, query: Mapping[str, str]) -> bool:
        """Tell whether a link is ours and lives still."""
        ends, begins = query.get("ex", ""), query.get("is", "")
        if not hmac.compare_digest(query.get("hm", ""), _sign(path, ends, begins)):
            return False
        return self.clock.now() < datetime.fromtimestamp(int(ends, 16), self.clock.now().tzinfo)

    def _signature(self, path: str) -> str:
        now = self.clock.now()
        ends = f"{int((now + self.expires_after).timestamp()):x}"
        begins = f"{int(now.timestamp()):x}"
        return f"ex={ends}&is={begins}&hm={_sign(path, ends, begins)}&"


def path_of(attachment: Attachment) -> str:
    """Return where the CDN keeps the file."""
    folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
    return f"/{folder}/{attachment.place_id}/{attachment.id}/{quote(attachment.filename)}"


def _sign(path: str, ends: str, begins: str) -> str:
    return hmac.new(SECRET, f"{path}|{ends}|{begins}".encode(), hashlib.sha256).hexdigest()
