"""Plain calls to the fake Discord, for what discord.py would not send; answers are judged too."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.fakes.discord_legality import response_problems
from tests.fakes.discord_server import DiscordServer


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer: status, JSON body (None for none) and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        """Discord's own code of a refusal, 0 for none."""
        return int(self.body["code"]) if isinstance(self.body, dict) and "code" in self.body else 0

    @property
    def refused(self) -> tuple[int, int]:
        """Status and code."""
        return self.status, self.code


class Raw:
    """Calls by the bot's token unless told otherwise; each answer has to be of Discord's shape."""

    def __init__(self, discord: DiscordServer, http: aiohttp.ClientSession) -> None:
        self._discord = discord
        self._http = http

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: Mapping[str, bytes] | None = None,
        token: str | None = "",
    ) -> Said:
        """Send `body` as JSON, as a form when there are `files` (by name); `token=None`: none."""
        headers = {} if token is None else {"Authorization": f"Bot {token or self._discord.token}"}
        url = self._discord.api_url + path
        data = _encoded(body, files)
        if isinstance(data, bytes):
            headers["Content-Type"] = "application/json"
        async with self._http.request(method, url, data=data, headers=headers) as answer:
            raw = await answer.read()
            parsed = json.loads(raw) if raw else None
            said = Said(status=answer.status, body=parsed, headers=answer.headers)
        wrong = response_problems(self._discord.calls[-1], said.body)
        assert not wrong, (method, path, wrong)
        return said


def _encoded(body: object, files: Mapping[str, bytes] | None) -> bytes | aiohttp.FormData | None:
    if files is None:
        return None if body is None else json.dumps(body).encode()
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(body or {}))
    for index, (name, data) in enumerate(files.items()):
        form.add_field(f"files[{index}]", io.BytesIO(data), filename=name, content_type="image/png")
    return form


@contextlib.asynccontextmanager
async def calling(discord: DiscordServer) -> AsyncIterator[Raw]:
    """Give a caller until the end of the block."""
    async with aiohttp.ClientSession() as http:
        yield Raw(discord, http)
