"""
Doer: one WebSocket of Socket Mode, through slack_sdk's client, which we open and close.

The client answers Slack's own wish to connect anew by itself, but tries a dead address for ever
and keeps to itself that a token is refused: so everything else is `Supervisor`'s to decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

import aiohttp
from pydantic import SecretStr
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack import closed
from adapters.slack.blocks import Json
from adapters.slack.calls import Calls
from adapters.slack.client import make_client
from core.clock import Clock
from core.errors import DeliveryError, DeliveryRetryable

PING_S: Final = 4.0
"""Between two pings, in seconds; a line that is dead is noticed after four of them."""
OPEN_S: Final = 15.0
"""How long a connection may take to be made, in seconds."""
CLOSE_S: Final = 5.0
"""How long a goodbye may take, in seconds; slack_sdk's own has been seen to hang."""

_SILENT = logging.getLogger(__name__)
_SILENT.setLevel(logging.CRITICAL)
"""slack_sdk logs addresses of sockets, whose tickets are secrets; `Supervisor` logs instead."""

Send = Callable[[BoltResponse], Awaitable[None]]
Dispatch = Callable[[AsyncBoltRequest, Send], Awaitable[None]]


class Socket:
    """One connection, opened once."""

    def __init__(
        self,
        *,
        app_token: SecretStr,
        api_url: str | None,
        session: aiohttp.ClientSession,
        dispatch: Dispatch,
        clock: Clock,
        ping_s: float = PING_S,
        open_s: float = OPEN_S,
    ) -> None:
        """Make the client, in the running loop."""
        self._open_s = open_s
        web = make_client(token=app_token, session=session, api_url=api_url)
        self._calls = Calls(web, clock, call_s=OPEN_S, upload_s=OPEN_S)
        self._dispatch = dispatch
        self._client = SocketModeClient(
            app_token=app_token.get_secret_value(),
            logger=_SILENT,
            web_client=web,
            auto_reconnect_enabled=False,
            ping_interval=ping_s,
        )
        self._client.proxy = None
        self._client.message_listeners.append(self._hear)
        self._client.on_message_listeners.append(self._look)
        self._client.socket_mode_request_listeners.append(self._receive)
        self._clock = clock
        self._answered = asyncio.Event()
        self._is_one_too_many = False
        self._greeted_on: object = None
        self._seen: object = None
        self._seen_s = 0.0

    async def open(self) -> None:
        """
        Connect, and return once Slack has said hello: on a line without one no act ever comes.

        Raises:
            SettingsError: the token is refused, or may not listen.
            DeliveryRetryable, DeliveryRefused: not now.
        """
        try:
            answer = await self._calls.ask("apps.connections.open")
        except DeliveryError as exc:
            closed.check_app_token(exc)
            raise
        if not isinstance(answer.get("url"), str):
            raise DeliveryRetryable("Slack did not say where to connect")
        self._client.wss_uri = answer["url"]
        try:
            async with asyncio.timeout(self._open_s):
                await self._client.connect()  # type: ignore[no-untyped-call]
                await self._answered.wait()
        except TimeoutError as exc:
            raise DeliveryRetryable("no connection over Socket Mode") from exc
        if self._is_one_too_many:
            raise DeliveryRetryable("this app has as many connections as Slack takes, which is ten")

    async def is_open(self) -> bool:
        """Whether it is connected, pings are answered, and a hello was said or may still be."""
        line, now_s = self._client.current_session, self._clock.monotonic_s()
        if line is not self._seen:  # slack_sdk has connected anew
            self._seen, self._seen_s = line, now_s
        may_be_greeted = line is self._greeted_on or now_s - self._seen_s < self._open_s
        return may_be_greeted and await self._client.is_connected()

    async def close(self) -> None:
        """End it, however long slack_sdk would take."""
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(CLOSE_S):
                await self._client.close()  # type: ignore[no-untyped-call]
        await self._abandon()

    async def _abandon(self) -> None:
        """End what slack_sdk leaves when a goodbye took too long; there is no more than that."""
        client = self._client
        for task in (
            client.message_processor,
            client.current_session_monitor,
            client.message_receiver,
        ):
            if task is not None:
                task.cancel()
        await client.aiohttp_client_session.close()

    async def _hear(
        self,
        client: AsyncBaseSocketModeClient,  # noqa: ARG002 - slack_sdk's signature
        message: Json,
        raw: str | None = None,  # noqa: ARG002 - slack_sdk's signature
    ) -> None:
        """Take note of a hello, and of the line that it was said on."""
        if message.get("type") == "hello":
            self._greeted_on = self._client.current_session
            self._answered.set()

    async def _look(self, frame: aiohttp.WSMessage) -> None:
        """
        Notice that there are too many of us: slack_sdk would connect anew, again and again.

        Source: slackapi/bolt-js#2225, which says of whom there may be ten.
        """
        if not self._answered.is_set() and _TOO_MANY in frame.data:
            self._is_one_too_many = True
            self._answered.set()

    async def _receive(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Have an act answered; one whose answer cannot be sent was not acknowledged."""

        async def send(response: BoltResponse) -> None:
            if response.status != _OK:
                raise DeliveryRetryable("it was not answered in time")
            body = _payload(response)
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload=body or None)
            )

        asked = AsyncBoltRequest(mode="socket_mode", body=request.payload, headers=_retry(request))
        with contextlib.suppress(DeliveryRetryable, aiohttp.ClientError, OSError):
            await self._dispatch(asked, send)


_OK: Final = 200
_TOO_MANY: Final = "too_many_websockets"


def _payload(response: BoltResponse) -> Json:
    """Return what a response says as Socket Mode carries it."""
    said = json.loads(response.body) if response.body.startswith("{") else {}
    return cast("Json", said)


def _retry(request: SocketModeRequest) -> dict[str, str | Sequence[str]]:
    """Return what says that an event comes once more, as HTTP says it."""
    told = {
        "x-slack-retry-num": request.retry_attempt,
        "x-slack-retry-reason": request.retry_reason,
    }
    return {name: str(value) for name, value in told.items() if value is not None}
