"""Doer: slack_sdk's client as we want it: one session, no retries and no words in the log."""

from __future__ import annotations

import logging
from typing import Final

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

API_URL: Final = "https://slack.com/api/"
"""Source: docs.slack.dev/apis/web-api."""
CONNECTIONS: Final = 64
"""Connections to Slack open at once; each call takes one for its time."""
CONNECT_S: Final = 10.0
"""How long a connection may take to be made, in seconds."""
STALL_S: Final = 30.0
"""Longest silence of Slack's within a call, in seconds."""
TOTAL_S: Final = 240.0
"""How long anything may take, in seconds; who calls sets shorter limits."""

_QUIET = logging.getLogger(__name__)
_QUIET.setLevel(logging.WARNING)
"""Below that slack_sdk logs what it sends: users' words and addresses that are secrets."""


def open_session() -> aiohttp.ClientSession:
    """
    Return the session for all calls, to be made in the running loop and closed by its maker.

    Without one slack_sdk makes a connection for each call, and its own limit of time is not
    applied to a session that it was given.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TOTAL_S, sock_connect=CONNECT_S, sock_read=STALL_S),
    )


def make_client(
    *, token: SecretStr, session: aiohttp.ClientSession, api_url: str | None = None
) -> AsyncWebClient:
    """
    Return a client that calls through `session`.

    It repeats nothing by itself: a message that was posted without an answer would be there twice.
    It reads no proxy from the environment either, which only the settings do.
    """
    client = AsyncWebClient(
        token=token.get_secret_value(),
        base_url=api_url or API_URL,
        session=session,
        retry_handlers=[],
        logger=_QUIET,
    )
    client.proxy = None
    return client
