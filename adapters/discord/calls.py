"""
Doer: one call to Discord's REST interface; what goes wrong in it comes out as an AppError.

Calls under the bot's token go through discord.py's own client, which waits for rate limits; what
an interaction's token authorises, through its adapter for webhooks, which keeps that token out of
the log. Of the client nothing but its HTTP session is used: no cache, no gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import aiohttp
import discord
import structlog
from discord.http import HTTPClient
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from adapters.discord import refusals
from core.clock import Clock
from core.errors import AppError, DeliveryRetryable
from core.jobs.foreign import Abandoned, within

T = TypeVar("T")

LOGIN_S: Final = 10.0
"""How long a call waits for the bot to be logged in, in seconds."""
CALL_S: Final = 45.0
"""How long a call may take, in seconds; discord.py itself waits up to 30 for a rate limit."""
UPLOAD_S: Final = 240.0
"""The same with files: 24 MiB over a line of 0.9 Mbit/s."""

log = structlog.get_logger()


class Calls:
    """
    Every call raises

    DeliveryRetryable: perhaps it was carried out, and the same call later is right.
    DeliveryRefused: it was not; `refusals.of(error)` says why.
    TooLarge: what was sent is more than the place takes.
    """

    def __init__(
        self,
        client: discord.Client,
        clock: Clock,
        logged_in: asyncio.Event,
        *,
        call_s: float,
        upload_s: float,
    ) -> None:
        """Take the client and the event that is set once it is logged in."""
        self._client = client
        self._clock = clock
        self._logged_in = logged_in
        self._call_s = call_s
        self._upload_s = upload_s
        self._barred_until_s = 0.0

    @property
    def own_id(self) -> int:
        """The bot's own id; 0 before it is logged in."""
        return self._client.user.id if self._client.user else 0

    async def ready(self) -> None:
        """Return once the bot is logged in; raises DeliveryRetryable when that takes too long."""
        if not await self._clock.wait(self._logged_in, LOGIN_S):
            raise DeliveryRetryable("the bot is not logged in")

    async def by_bot(
        self, ask: Callable[[HTTPClient], Awaitable[Any]], *, sent_bytes: int = 0
    ) -> Any:
        """Return what a call under the bot's token answers."""
        await self.ready()
        return await self._translating(
            lambda: ask(self._client.http), sent_bytes=sent_bytes, under_token=False
        )

    async def under_token(
        self,
        ask: Callable[[AsyncWebhookAdapter, aiohttp.ClientSession], Awaitable[Any]],
        *,
        sent_bytes: int = 0,
    ) -> Any:
        """Return what a call under an interaction's token answers."""
        await self.ready()
        return await self._translating(
            lambda: ask(async_context.get(), self._session()),
            sent_bytes=sent_bytes,
            under_token=True,
        )

    async def _translating(
        self, ask: Callable[[], Awaitable[T]], *, sent_bytes: int, under_token: bool
    ) -> T:
        self._check_barred()
        try:
            return await within(self._upload_s if sent_bytes else self._call_s, ask())
        except discord.HTTPException as exc:
            error = _said_no(exc, sent_bytes=sent_bytes, under_token=under_token)
            self._take_note(error)
            raise error from exc
        except discord.RateLimited as exc:
            raise DeliveryRetryable("too many calls", retry_after_s=exc.retry_after) from exc
        except aiohttp.ClientResponseError as exc:
            # It shows the request with its headers and address, and so a token: nothing holds it.
            no_http = DeliveryRetryable(f"no HTTP was answered: {type(exc).__name__}")
        except (aiohttp.ClientError, OSError, Abandoned) as exc:
            raise DeliveryRetryable(f"no answer: {type(exc).__name__}") from exc
        except (ValueError, LookupError, TypeError, AttributeError, RuntimeError) as exc:
            # discord.py meets a body that is not what it expects, or has no session just now.
            log.warning("discord_call_broke", kind=type(exc).__name__)
            raise DeliveryRetryable(f"no usable answer: {type(exc).__name__}") from exc
        raise no_http

    def _check_barred(self) -> None:
        """Raise DeliveryRetryable while no call at all would be taken."""
        left_s = self._barred_until_s - self._clock.monotonic_s()
        if left_s > 0:
            raise DeliveryRetryable("no call is taken just now", retry_after_s=left_s)

    def _take_note(self, error: AppError) -> None:
        """Keep every call back after a no that is not about this one: a ban, a refused token."""
        if isinstance(error, DeliveryRetryable) and error.retry_after_s is not None:
            self._barred_until_s = self._clock.monotonic_s() + error.retry_after_s

    def _session(self) -> aiohttp.ClientSession:
        """Return the session of discord.py's client, as its own interactions take it."""
        return cast("aiohttp.ClientSession", vars(self._client.http)["_HTTPClient__session"])


def _said_no(exc: discord.HTTPException, *, sent_bytes: int, under_token: bool) -> AppError:
    error = refusals.translated(
        exc.status,
        exc.code,
        under_token=under_token,
        sent_bytes=sent_bytes,
        words=exc.text,
        is_ban="Via" not in exc.response.headers,
    )
    if exc.status == 401 and not under_token:  # noqa: PLR2004  # HTTP's own number
        log.error("discord_token_refused")
    elif exc.status == 400 and str(error) == refusals.Refusal.OTHER:  # noqa: PLR2004  # the same
        log.error("discord_refused_a_call_of_ours", code=exc.code)
    return error
