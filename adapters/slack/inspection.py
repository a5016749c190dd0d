"""Doer: looks at what Slack knows of our bot, for those who set it up; changes nothing there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from pydantic import SecretStr

from adapters.slack import closed
from adapters.slack.calls import Calls
from adapters.slack.client import make_client, open_session
from adapters.slack.posted import Identity
from adapters.slack.wire import Wire
from core.clock import Clock
from core.errors import DeliveryError

PATIENCE_S = 10.0
"""How long one call may take, in seconds: somebody waits for the answer."""


class Inspection:
    """A session that only reads; made by `inspect`."""

    def __init__(
        self,
        identity: Identity,
        *,
        session: aiohttp.ClientSession,
        api_url: str | None,
        clock: Clock,
    ) -> None:
        """Take who the bot is, and what to ask further with."""
        self.identity = identity
        self._session = session
        self._api_url = api_url
        self._clock = clock

    async def listen(self, app_token: SecretStr) -> None:
        """
        Ask for the address of a socket, without opening it.

        Raises:
            SettingsError: the token is refused, or may not listen.
            DeliveryError: Slack does not say.
        """
        client = make_client(token=app_token, session=self._session, api_url=self._api_url)
        calls = Calls(client, self._clock, call_s=PATIENCE_S, upload_s=PATIENCE_S)
        try:
            await calls.ask("apps.connections.open")
        except DeliveryError as exc:
            closed.check_app_token(exc)
            raise


@asynccontextmanager
async def inspect(
    token: SecretStr, *, api_url: str | None, clock: Clock
) -> AsyncIterator[Inspection]:
    """
    Ask whose token it is, and be there for further questions for the length of the block.

    Raises:
        SettingsError: the token is refused.
        DeliveryError: Slack does not answer.
    """
    async with open_session() as session:
        client = make_client(token=token, session=session, api_url=api_url)
        wire = Wire(client, clock, call_s=PATIENCE_S, upload_s=PATIENCE_S)
        try:
            identity = await wire.identify()
        except DeliveryError as exc:
            closed.check_bot_token(exc)
            raise
        yield Inspection(identity, session=session, api_url=api_url, clock=clock)
