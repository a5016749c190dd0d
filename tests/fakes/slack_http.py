"""
The fake's signed requests to the bot, used once `url` is set; and wrong ones, for a test.

    slack.http.url = "http://127.0.0.1:8080/slack/events"
    assert await slack.http.verifies()
    slack.http.secret = "another"         # from now on nothing is signed rightly
    slack.http.age_s = 301                # or everything is this old
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from core.clock import Clock, SystemClock
from tests.fakes.slack_acts import ACKNOWLEDGE_S, Act, Carries
from tests.fakes.slack_transport import Reply, Undelivered, of_text
from tests.fakes.slack_values import Json

SIGNING_SECRET = "fake-signing-secret"
"""The signing secret that the fake signs with."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Received:
    """What the bot answered to a request."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def body(self) -> Json:
        """The payload: JSON, or bare text as one."""
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            return of_text(self.text)
        found = json.loads(self.text) if self.text else {}
        return found if isinstance(found, dict) else {}


class Http:
    """Posts each act to `url`, signed with `secret` as of `age_s` seconds ago."""

    def __init__(
        self,
        *,
        clock: Clock,
        secret: str,
    ) -> None:
        self.url: str | None = None
        self.secret = secret
        self.age_s = 0.0
        self._clock = clock
        self._machine = SystemClock()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Be ready to post."""
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        """Post no more."""
        if self._session is not None:
            await self._session.close()

    async def deliver(self, act: Act) -> Reply:
        """Post an act, and return what was acknowledged."""
        received = await self._in_time(act)
        if received.status != 200:
            raise Undelivered(f"HTTP {received.status}")
        return Reply(body=received.body if act.carries is not Carries.EVENT else {})

    async def verifies(self) -> bool:
        """Ask whether `url` is a Slack app's, as Slack does when an admin enters it."""
        challenge = secrets.token_hex(16)
        asked = {"token": "x", "challenge": challenge, "type": "url_verification"}
        received = await self.post(json.dumps(asked), "application/json")
        return received.status == 200 and challenge in received.text

    async def post(
        self, body: str, content_type: str = FORM, *, headers: Mapping[str, str] | None = None
    ) -> Received:
        """Post signed text to `url`; `headers` come on top and may replace the signature."""
        assert self._session is not None, "the fake is not started"
        assert self.url is not None, "the bot has no address"
        own = {"Content-Type": content_type, **self.signature(body), **(headers or {})}
        async with self._session.post(self.url, data=body.encode(), headers=own) as answer:
            text = await answer.text()
            return Received(status=answer.status, text=text, headers=dict(answer.headers))

    def signature(self, body: str) -> dict[str, str]:
        """Return the headers that sign `body`; by the machine's clock, as the SDK checks them."""
        at = str(int(self._machine.now().timestamp() - self.age_s))
        signed = hmac.new(self.secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256)
        return {
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signed.hexdigest()}",
        }

    async def _in_time(self, act: Act) -> Received:
        asking = asyncio.get_running_loop().create_task(
            self.post(*written(act), headers=_retry(act))
        )
        over = asyncio.Event()
        asking.add_done_callback(lambda _: over.set())
        try:
            if not await self._clock.wait(over, ACKNOWLEDGE_S):
                raise Undelivered(f"no acknowledgement in {ACKNOWLEDGE_S} s")
            return asking.result()
        except aiohttp.ClientError as error:
            raise Undelivered(f"unreachable: {error!r}") from error
        finally:
            asking.cancel()


def written(act: Act) -> tuple[str, str]:
    """Return an act as the body of a request, and its content type."""
    if act.carries is Carries.EVENT:
        return json.dumps(act.payload), "application/json"
    if act.carries is Carries.COMMAND:
        return urlencode(act.payload), FORM
    return urlencode({"payload": json.dumps(act.payload)}), FORM


def _retry(act: Act) -> dict[str, str]:
    if act.retry is None:
        return {}
    number, reason = act.retry
    return {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
