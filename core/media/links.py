"""Decider: signed, expiring links under which our own web server hands out one picture."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import AddressRefused, Gone

KEY_BYTES = 16
"""Shortest key that is taken."""

TOKEN_CHARACTERS = 1024
"""Longest token that is looked at."""

_PURPOSE = b"redraw media link 1\n"
"""Keeps signatures made for links from meaning anything elsewhere under the same key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkClaim:
    """What a link entitles to: one picture of one job, until an instant."""

    job_id: str
    name: str
    """The picture's name in the spool."""
    expires_at: datetime


def sign(key: bytes, *, job_id: str, name: str, expires_at: datetime) -> str:
    """
    Return a token, safe in a URL's path, that proves the claim until `expires_at`.

    Seconds are rounded up, so that the link never dies early. Raises ValueError for a key of
    less than `KEY_BYTES`.
    """
    claim = json.dumps([job_id, name, -int(-expires_at.timestamp() // 1)], separators=(",", ":"))
    return f"{_encode(claim.encode())}.{_encode(_digest(key, claim.encode()))}"


def read(key: bytes, token: str, now: datetime, *, name: str | None = None) -> LinkClaim:
    """
    Return the claim of a token that this key signed.

    Raises AddressRefused when it did not, or when `name` is given and is not the picture the
    token is for; raises Gone when it did, but the link has expired.
    """
    text, _, signature = token.partition(".")
    claim_bytes = _decode(text, token)
    if not hmac.compare_digest(_digest(key, claim_bytes), _decode(signature, token)):
        raise AddressRefused("the link was not signed here")
    claim = _claim(claim_bytes)
    if name is not None and claim.name != name:  # both are in the open: no secret to compare
        raise AddressRefused("the link is for another picture")
    if now >= claim.expires_at:
        raise Gone("the link has expired")
    return claim


def link(base_url: str, key: bytes, *, job_id: str, name: str, expires_at: datetime) -> str:
    """Return `{base_url}/media/{token}/{name}`."""
    token = sign(key, job_id=job_id, name=name, expires_at=expires_at)
    return f"{base_url.rstrip('/')}/media/{token}/{name}"


def _digest(key: bytes, claim: bytes) -> bytes:
    if len(key) < KEY_BYTES:
        raise ValueError(f"a signing key has at least {KEY_BYTES} bytes")
    return hmac.digest(key, _PURPOSE + claim, hashlib.sha256)


def _claim(data: bytes) -> LinkClaim:
    job_id, name, expires = json.loads(data)
    return LinkClaim(job_id=job_id, name=name, expires_at=datetime.fromtimestamp(expires, UTC))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str, token: str) -> bytes:
    """Decode one part of `token`; only the one spelling that `_encode` gives is taken."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as exc:
        raise AddressRefused("the link is damaged") from exc
    if len(token) > TOKEN_CHARACTERS or _encode(data) != text:
        raise AddressRefused("the link is damaged")
    return data
