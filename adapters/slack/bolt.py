"""
Doer: slack-bolt's app, which verifies and reads what Slack sends and hands every act over.

One middleware of ours takes everything, so that there is no act without a listener and none that
is not acknowledged.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

_QUIET = logging.getLogger(__name__)
_QUIET.setLevel(logging.ERROR)
"""Below that Bolt logs payloads, and that it takes no token from the environment."""

Take = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
Ourselves = Callable[[], AuthorizeResult | None]
"""Whom our token stands for; None before that is known."""


def make_app(
    client: AsyncWebClient, *, signing_secret: SecretStr | None, ourselves: Ourselves, take: Take
) -> AsyncApp:
    """
    Return Bolt's app, told everything that it would else look for in the environment.

    With SLACK_CLIENT_ID and SLACK_CLIENT_SECRET there it would drop our token for that of an
    installation: `ourselves` decides instead.
    """
    authorize = cast("Callable[..., Awaitable[AuthorizeResult]]", _Authorize(ourselves))
    app = AsyncApp(
        name="redraw",
        logger=_QUIET,
        client=client,
        signing_secret="" if signing_secret is None else signing_secret.get_secret_value(),
        authorize=authorize,
    )
    app.use(_Taking(take))
    return app


async def read_signed(request: web.Request, signing_secret: SecretStr) -> AsyncBoltRequest:
    """
    Return what was posted, if Slack signed it: of anything else no more than its length is read.

    Bolt looks at the signature as well, but only after it has read the body, and neither it nor
    slack_sdk expects headers and bodies that Slack would never send.

    Raises:
        web.HTTPException: it is not Slack's, too long, or cannot be read.
    """
    try:
        body = (await request.read()).decode()
    except (ValueError, web.RequestPayloadError) as exc:
        raise web.HTTPBadRequest from exc
    if not _is_signed(body, request, signing_secret):
        raise web.HTTPUnauthorized
    try:
        headers = cast("dict[str, str | Sequence[str]]", request.headers)
        return AsyncBoltRequest(body=body, query=request.query_string, headers=headers)
    except (ValueError, TypeError, AttributeError, RecursionError) as exc:
        raise web.HTTPBadRequest from exc


def _is_signed(body: str, request: web.Request, signing_secret: SecretStr) -> bool:
    """Whether Slack signed it, within five minutes of now."""
    timestamp = request.headers.get("X-Slack-Request-Timestamp")
    signature = request.headers.get("X-Slack-Signature")
    verifier = SignatureVerifier(signing_secret.get_secret_value())
    try:
        return verifier.is_valid(body, timestamp, signature)
    except (ValueError, TypeError):  # a moment that is no number, a signature that is no ASCII
        return False


class _Taking(AsyncMiddleware):
    """The last middleware, which takes every act."""

    def __init__(self, take: Take) -> None:
        self._take = take

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt's signature
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002, ARG002 - Bolt's signature
    ) -> BoltResponse:
        """Take the act; nothing follows."""
        return await self._take(req)


class _Authorize(AsyncAuthorize):
    """Says who we are without asking Slack: a form has to be opened first of all."""

    def __init__(self, ourselves: Ourselves) -> None:
        self._ourselves = ourselves

    async def __call__(self, **_: object) -> AuthorizeResult | None:
        """Return whom our token stands for, whoever asks."""
        return self._ourselves()
