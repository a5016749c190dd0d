"""Decider: the kinds of values that settings have, and what is said about each setting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

PLATFORMS = frozenset({"discord", "slack", "terminal"})
"""What stands before the colon in a place or a person."""

BUCKETS = """\
With an S3 bucket the environment of the process (not `.env`) says the rest, by the usual names:
`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, unless the machine has a role; `AWS_REGION`; and
for a store of your own `AWS_ENDPOINT_URL`, with `AWS_ALLOW_HTTP=true` where that is plain http.
The credentials have to allow reading, writing and deleting objects, and listing the bucket
(`s3:GetObject`, `s3:PutObject`, `s3:DeleteObject`, `s3:ListBucket`): `redraw run` tries that out
when it starts, and `redraw doctor` at any time. The hosted API fetches pictures at the same
endpoint, by signed links that outlive their job's deadline by ten minutes; credentials that end
sooner end the links. Redraw itself deletes what no job refers to any more.\
"""
"""What an operator of a bucket has to know besides its address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What an operator wants to know about one setting; printed in `docs/settings.md`."""

    meaning: str
    unit: str
    """What the value is counted in or looks like."""
    off: str
    """How the thing is switched off, or what leaving it unset does."""
    why: str
    """Why the default is what it is."""
    more: str = ""
    """What else has to be known, as a paragraph; empty where that is all."""


def _address(secure: str, plain: str) -> AfterValidator:
    def check(text: str) -> str:
        parts = urlsplit(text.strip())
        if parts.scheme not in {secure, plain} or not parts.hostname:
            raise ValueError(f"expected an address that begins with {secure}:// or {plain}://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("expected an address without credentials, query or fragment")
        _port(text)
        return text.strip().rstrip("/")

    return AfterValidator(check)


def _port(text: str) -> None:
    try:
        _ = urlsplit(text.strip()).port
    except ValueError:
        raise ValueError("expected a port from 0 to 65535 after the host") from None


def _readable(text: str) -> None:
    try:
        _ = urlsplit(text).password
    except ValueError:
        raise ValueError("expected %5B and %5D for brackets that are part of a password") from None


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("expected a key of printable ASCII characters without spaces")
    return SecretStr(text)


def _begins(start: str, where: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().startswith(start) or secret.get_secret_value() == start:
            raise ValueError(f"expected a token that begins with {start} ({where})")
        return secret

    return AfterValidator(check)


def _schemes(*allowed: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value().strip()
        if not text.startswith(tuple(f"{scheme}://" for scheme in allowed)):
            expected = " or ".join(f"{scheme}://" for scheme in allowed)
            raise ValueError(f"expected an address that begins with {expected}")
        _readable(text)
        return SecretStr(text)

    return AfterValidator(check)


def _words(text: object) -> object:
    if isinstance(text, str):
        return tuple(word.strip() for word in text.split(",") if word.strip())
    return text


def _of_a_platform(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        platform, _, rest = word.partition(":")
        if platform not in PLATFORMS or not rest:
            raise ValueError("expected words such as discord:1234 or slack:C0123, between commas")
        if platform == "discord" and not (rest.isascii() and rest.isdecimal()):
            raise ValueError("expected a number after discord: (Copy ID in Discord's own menus)")
    return words


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with ~ and the name of nobody here") from None


Address = Annotated[str, _address("https", "http")]
"""An http(s) address without credentials, without a slash at its end."""
GatewayAddress = Annotated[str, _address("wss", "ws")]
"""The address of a websocket without credentials, without a slash at its end."""
BrokerAddress = Annotated[SecretStr, _schemes("redis", "rediss", "sentinel", "amqp", "amqps")]
"""Where Celery's queue is; secret because it may hold a password."""
Key = Annotated[SecretStr, AfterValidator(_key)]
"""A secret that can stand in a header."""
SlackBotToken = Annotated[Key, _begins("xoxb-", "Bot User OAuth Token, on OAuth & Permissions")]
"""
What a bot may do in one workspace.

Source: docs.slack.dev/authentication/tokens; also of the next.
"""
SlackAppToken = Annotated[Key, _begins("xapp-", "App-Level Tokens, on Basic Information")]
"""What opens Socket Mode."""
DatabaseAddress = Annotated[
    SecretStr,
    _schemes("sqlite", "postgresql", "postgres", "postgresql+psycopg"),
]
"""Where a store is; secret because it may hold a password."""
MediaAddress = Annotated[SecretStr, _schemes("s3", "gs", "az", "file")]
"""Where pictures are kept; secret because it may hold credentials."""
Words = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_of_a_platform)]
"""Places or people as `platform:id`, between commas."""
Folder = Annotated[Path, AfterValidator(_absolute)]
"""A path, made absolute; `~` is the user's home."""
