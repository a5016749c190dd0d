"""Root: which API this process will ask: the hosted one, a studio elsewhere, or one of its own."""

from __future__ import annotations

from enum import StrEnum

import aiohttp

from bot.settings import Settings
from bot.settings_services import HOSTED_API_URL

LOOK_S = 3.0
"""How long an address may take to show what is served there, in seconds."""

_MARK = "X-Redraw-Studio"
"""The header by which every answer of a studio says what it is."""


class Served(StrEnum):
    """By whom pictures are redrawn; the value begins the names of folders."""

    EMBEDDED = "preview"
    """By the studio inside this process."""
    STUDIO = "studio"
    """By a `redraw studio` that runs elsewhere."""
    HOSTED = "hosted"
    """By the API that costs something."""

    @property
    def preview(self) -> bool:
        """Whether what comes out is a local preview."""
        return self is not Served.HOSTED


async def look(settings: Settings) -> Served:
    """Return what the settings lead to; an address that does not answer counts as hosted."""
    if settings.qolaba_api_key is None:
        return Served.EMBEDDED
    if settings.qolaba_api_url == HOSTED_API_URL:
        return Served.HOSTED
    return Served.STUDIO if await _is_studio(settings.qolaba_api_url) else Served.HOSTED


async def _is_studio(url: str) -> bool:
    timeout = aiohttp.ClientTimeout(total=LOOK_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return _MARK in answer.headers
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
