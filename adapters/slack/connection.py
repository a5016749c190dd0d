"""Doer: our side of Slack: its client, who we are there, and acts, whichever way they come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.backoff import Backoff
from adapters.slack import closed
from adapters.slack.bolt import make_app, read_signed
from adapters.slack.callbacks import ANSWER_WITHIN_S, Answer, Outcome
from adapters.slack.client import make_client, open_session
from adapters.slack.interactions import Payload
from adapters.slack.wire import Identity, Wire
from core.clock import Clock
from core.errors import DeliveryError

_ANSWER: Final = "redraw_answer"
"""Names our answer in what Bolt keeps of a request."""
_LATE: Final = 503
_log = structlog.get_logger()
Receive = Callable[[Payload], Answer]


class Connection:
    """The client and Bolt's app, made in the running loop and closed by us."""

    def __init__(
        self,
        *,
        bot_token: SecretStr,
        signing_secret: SecretStr | None,
        api_url: str | None,
        clock: Clock,
    ) -> None:
        self._session = open_session()
        self.client = make_client(token=bot_token, session=self._session, api_url=api_url)
        self.wire = Wire(self.client, clock)
        self.logged_in = asyncio.Event()
        """Set as soon as it is known who we are."""
        self._token = bot_token
        self._signing_secret = signing_secret
        self._clock = clock
        self._identity: Identity | None = None
        self._receive: Receive | None = None
        self._app = make_app(
            self.client, signing_secret=signing_secret, ourselves=self._ourselves, take=self._take
        )

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session of all our calls."""
        return self._session

    def deliver_acts(self, receive: Receive | None) -> None:
        """Have every act handed to `receive` from now on; None: take none any more."""
        self._receive = receive

    async def login(self) -> Identity:
        """
        Ask Slack who we are, however long it takes.

        Raises:
            SettingsError: the token is refused, or was not granted what Redraw cannot do without.
        """
        backoff = Backoff(longest_s=60.0)
        while True:
            try:
                self._identity = await self.wire.identify()
            except DeliveryError as exc:
                closed.check_bot_token(exc)
                wait_s = backoff.next_s()
                _log.warning("slack_login_failed", error=str(exc), wait_s=wait_s)
            else:
                break
            await self._clock.sleep(wait_s)
        closed.check_scopes(self._identity.scopes)
        self.logged_in.set()
        _log.info("slack_logged_in", workspace=self._identity.team_id)
        return self._identity

    async def dispatch(
        self, request: AsyncBoltRequest, send: Callable[[BoltResponse], Awaitable[None]]
    ) -> None:
        """
        Have an act answered, and `send` the answer.

        Raises:
            Whatever `send` fails of; the act is then known not to be acknowledged.
        """
        answer: Answer | None = None
        outcome = Outcome.REFUSED
        try:
            response = await self._app.async_dispatch(request)
            answer = cast("Answer | None", request.context.get(_ANSWER))
            await send(response)
            outcome = Outcome.TAKEN
        finally:
            if answer is not None:
                answer.became(outcome)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer what Slack sends over HTTP; unsigned requests and those of others get no more."""
        if self._signing_secret is None:
            raise web.HTTPNotFound
        if self._receive is None or not self.logged_in.is_set():
            raise web.HTTPServiceUnavailable
        asked = await read_signed(request, self._signing_secret)
        sent: list[web.Response] = []

        async def send(response: BoltResponse) -> None:
            answer = await to_aiohttp_response(response)
            sent.append(answer)
            await answer.prepare(request)
            await answer.write_eof()

        await self.dispatch(asked, send)
        return sent[0]

    async def close(self) -> None:
        """End everything; nothing can be called afterwards."""
        self.logged_in.clear()
        await self._session.close()

    def _ourselves(self) -> AuthorizeResult | None:
        who = self._identity
        if who is None:
            return None
        return AuthorizeResult(
            enterprise_id=None,
            team_id=who.team_id,
            bot_user_id=who.user_id,
            bot_token=self._token.get_secret_value(),
        )

    async def _take(self, request: AsyncBoltRequest) -> BoltResponse:
        """Hand an act over, and return its acknowledgement once there is one."""
        if self._receive is None:
            return BoltResponse(status=_LATE)
        answer = request.context[_ANSWER] = self._receive(request.body)
        body = await answer.taken(self._clock, within_s=ANSWER_WITHIN_S)
        if body is None:
            return BoltResponse(status=_LATE)
        return BoltResponse(status=200, body=body or "")
