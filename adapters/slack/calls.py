"""
Doer: one call to Slack; what goes wrong in it comes out as an AppError.

Methods go through slack_sdk's client, with what they take in the body and never in the address,
which proxies log; bytes of files and answers to an act go through the client's session.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import refusals
from adapters.slack.pacing import POST_GAP_S, Pacing
from adapters.slack.refusals import Hindrance, Refusal
from core.clock import Clock
from core.errors import AppError, DeliveryRefused, DeliveryRetryable
from core.jobs.foreign import Abandoned, within
from core.retry_after import retry_after_s

T = TypeVar("T")

CALL_S: Final = 30.0
"""How long a call may take, in seconds."""
UPLOAD_S: Final = 180.0
"""The same for the bytes of a file: 20 MiB over a line of 0.9 Mbit/s."""

_ALL: Final = ""
"""Stands for every method among what is kept back."""
_BROKEN: Final = (ValueError, LookupError, TypeError, AttributeError, RuntimeError)

log = structlog.get_logger()

Answer = Mapping[str, Any]


class Calls:
    """
    Every call raises

    DeliveryRetryable: later; `refusals.is_undone` says whether it may have been carried out.
    DeliveryRefused: it was not; `refusals.of` says why.
    TooLarge: what was sent is more than the workspace takes.
    """

    def __init__(
        self, client: AsyncWebClient, clock: Clock, *, call_s: float, upload_s: float
    ) -> None:
        """Take a client with a session; limits in seconds."""
        self._client = client
        self._clock = clock
        self._call_s = call_s
        self._upload_s = upload_s
        self._pacing = Pacing()

    async def ask(
        self,
        method: str,
        *,
        json: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        place: str = "",
        sent_bytes: int = 0,
    ) -> Answer:
        """
        Return what a method answers.

        `place` is the channel by which calls of the method are counted, if they are; `sent_bytes`
        how much is announced.
        """
        key, gap_s = f"{method} {place}", POST_GAP_S if place else 0.0
        self._check_free(_ALL, 0.0)
        self._check_free(key, gap_s)
        call = self._client.api_call(method, json=json, data=data)
        try:
            answer = await self._translating(call, self._call_s, sent_bytes)
        except AppError as exc:
            self._take_note(key, method, exc)
            if gap_s and str(exc) == Hindrance.TOO_MANY:
                self._check_free(key, gap_s)  # a turn of its own, if others wait as well
            raise
        if not isinstance(answer.data, Mapping):
            raise DeliveryRetryable("Slack's answer cannot be read")
        return {**answer.data, _SCOPES: answer.headers.get("x-oauth-scopes", "")}

    async def send(self, url: str, data: bytes) -> None:
        """Send the bytes of a file to the address that Slack gave for it."""
        # As a stream: what comes as bytes is copied to the socket at once, and holds all up.
        call = self._post(url, data=io.BytesIO(data), sent_bytes=len(data))
        await self._translating(call, self._upload_s, len(data))

    async def respond(self, url: str, fields: dict[str, Any]) -> None:
        """Answer an act in private at its response_url."""
        await self._translating(self._post(url, json=fields), self._call_s, 0)

    async def _post(self, url: str, *, sent_bytes: int = 0, **body: Any) -> None:
        session = self._client.session
        if session is None:
            raise DeliveryRetryable(Hindrance.NOT_SENT)
        async with session.post(url, allow_redirects=False, **body) as answer:
            if answer.status == HTTPStatus.OK:
                return
            text = (await answer.content.read(_WORD_MAX)).decode("ascii", "replace").strip()
            is_word = text.replace("_", "").isalpha()
            raise refusals.translated(
                answer.status,
                text if is_word else _UNSAID.get(answer.status, ""),
                retry_after_s=self._asked_s(answer.headers),
                sent_bytes=sent_bytes,
            )

    async def _translating(self, call: Awaitable[T], limit_s: float, sent_bytes: int) -> T:
        """Return what a call returns, with whatever goes wrong as an AppError."""
        try:
            return await within(limit_s, call)
        except SlackApiError as exc:
            # It holds the request with its headers, and so the token: nothing may hold it.
            error = self._said_no(exc, sent_bytes)
        except aiohttp.ClientResponseError as exc:
            error = DeliveryRetryable(f"no HTTP was answered: {type(exc).__name__}")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise DeliveryRetryable(Hindrance.NOT_SENT) from exc
        except (aiohttp.ClientError, SlackClientError, OSError, Abandoned) as exc:
            raise DeliveryRetryable(f"no answer: {type(exc).__name__}") from exc
        except _BROKEN as exc:
            # slack_sdk meets a body that is not what it expects.
            log.warning("slack_call_broke", kind=type(exc).__name__)
            raise DeliveryRetryable(f"no usable answer: {type(exc).__name__}") from exc
        raise error

    def _said_no(self, exc: SlackApiError, sent_bytes: int) -> AppError:
        response: Any = exc.response
        data = getattr(response, "data", None)
        code = data.get("error") if isinstance(data, Mapping) else None
        return refusals.translated(
            int(getattr(response, "status_code", 0) or 0),
            code if isinstance(code, str) else "",
            retry_after_s=self._asked_s(getattr(response, "headers", None) or {}),
            sent_bytes=sent_bytes,
        )

    def _asked_s(self, headers: Mapping[str, str]) -> float | None:
        return retry_after_s(headers.get("Retry-After", ""), now=self._clock.now())

    def _check_free(self, key: str, gap_s: float) -> None:
        """Raise DeliveryRetryable while no such call would be taken."""
        wait_s = self._pacing.wait_s(key, self._clock.monotonic_s(), gap_s)
        if wait_s > 0:
            raise DeliveryRetryable(Hindrance.TOO_MANY, retry_after_s=wait_s)

    def _take_note(self, key: str, method: str, error: AppError) -> None:
        """Keep calls back after a no that is not about this one, and tell the operator."""
        if isinstance(error, DeliveryRetryable) and error.retry_after_s is not None:
            is_token = str(error) == Hindrance.TOKEN
            until_s = self._clock.monotonic_s() + error.retry_after_s
            self._pacing.hold(_ALL if is_token else key, until_s)
            if is_token:
                log.error("slack_token_refused")
        elif isinstance(error, DeliveryRefused):
            _tell_operator(method, refusals.of(error))


_SCOPES: Final = "redraw.scopes"
"""Names the granted scopes, which Slack says in a header, among what a method answers."""
_WORD_MAX: Final = 64
_UNSAID: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "expired_url",
    HTTPStatus.FORBIDDEN: "expired_url",
    HTTPStatus.GONE: "expired_url",
    HTTPStatus.BAD_REQUEST: "bad_request",
}
"""What a status means that came without Slack's own word for it."""


def scopes(answer: Answer) -> frozenset[str]:
    """Return the scopes that the token of a call was granted, as far as its answer says."""
    said = str(answer.get(_SCOPES, ""))
    return frozenset(word.strip() for word in said.split(",") if word.strip())


def _tell_operator(method: str, why: Refusal) -> None:
    if why is Refusal.NO_SCOPE:
        log.error("slack_scope_missing", method=method)
    elif why is Refusal.OTHER:
        log.error("slack_refused_a_call_of_ours", method=method)
