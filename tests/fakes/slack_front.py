"""The door of the fake Web API: reads calls, lets faults happen, records, writes answers."""

from __future__ import annotations

import json
import secrets

from aiohttp import web

from core.clock import Clock
from tests.fakes.discord_news import News
from tests.fakes.slack_asked import Answer, Asked, Handler, read
from tests.fakes.slack_calls import Call
from tests.fakes.slack_faults import Fault, Faults, drop
from tests.fakes.slack_refusals import Refused
from tests.fakes.slack_tiers import Tiers
from tests.fakes.slack_tokens import Tokens

PREFIX = "/api/"


class Front:
    """Answers each call of the API by the table's handlers, and keeps `calls` in order."""

    def __init__(
        self,
        table: dict[str, Handler],
        faults: Faults,
        tiers: Tiers,
        tokens: Tokens,
        *,
        clock: Clock,
        news: News,
    ) -> None:
        self.calls: list[Call] = []
        self._table = table
        self._faults = faults
        self._tiers = tiers
        self._tokens = tokens
        self._clock = clock
        self._news = news

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request to the API."""
        asked = await read(request, request.match_info["method"], self._clock.now())
        fault = self._faults.due(asked.method, asked)
        if fault is not None and not fault.after_taking:
            await fault.wait()
        answer, refused = self._answer(asked, fault)
        self._record(asked, refused, dropped=fault is not None and fault.drops)
        if fault is not None:
            await fault.wait()
            if fault.drops:
                return drop(request)
        return self._written(asked, answer, refused)

    def _answer(self, asked: Asked, fault: Fault | None) -> tuple[Answer, Refused | None]:
        wrong = fault.wrong if fault is not None else None
        try:
            if wrong is not None and fault is not None and not fault.after_taking:
                raise wrong
            answer = self._taken(asked)
            if wrong is not None:
                raise wrong
        except Refused as refused:
            return Answer(), refused
        return answer, None

    def _taken(self, asked: Asked) -> Answer:
        handler = self._table.get(asked.method)
        if handler is None:
            raise Refused("unknown_method", more={"req_method": asked.method})
        self._tokens.check(asked)
        self._tiers.count(asked)
        return handler(asked)

    def _record(self, asked: Asked, refused: Refused | None, *, dropped: bool) -> None:
        status = refused.status if refused else 200
        self.calls.append(
            Call(
                method=asked.method,
                arguments=asked.arguments,
                token=asked.token,
                status=0 if dropped else status,
                error=refused.error if refused else None,
                at=asked.at,
            )
        )
        self._news.spread()

    def _written(self, asked: Asked, answer: Answer, refused: Refused | None) -> web.Response:
        headers = {"X-Slack-Req-Id": secrets.token_hex(16), **answer.headers}
        if asked.token == self._tokens.bot:
            headers["X-OAuth-Scopes"] = self._tokens.provided
        status, body = 200, {"ok": True, **answer.body}
        if refused is not None:
            headers |= refused.headers
            status, body = refused.status, refused.body
        headers["Content-Type"] = "application/json; charset=utf-8"
        return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)
