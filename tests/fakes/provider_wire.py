"""What the provider fake puts on the wire: envelopes, and connections that go wrong."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from tests.fakes.provider_script import Fault, Script

_NOTHING: dict[str, object] = {"": "", "null": None, "{}": {}}


def envelope(script: Script, **facts: object) -> dict[str, object]:
    """Return an answer with all documented keys; what it has no fact for is written blank."""
    keys = ("time_required", "error", "error_data", "input", "output", "app_id", "task_id")
    if script.blank == "missing":
        return facts
    return {**dict.fromkeys(keys, _NOTHING[script.blank]), **facts}


async def read_json(request: web.Request) -> dict[str, object]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def go_wrong(request: web.Request, fault: Fault) -> web.StreamResponse:
    """Do what the fault says to the connection on which the request came."""
    await asyncio.sleep(fault.delay_s)
    if fault.ending == "answer":
        return web.Response(status=fault.code, headers=fault.headers, body=fault.body)
    transport = request.transport
    if transport is None:
        return web.Response()
    if fault.ending == "reset":
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    elif fault.ending == "cut":
        transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"status": "PENDING", ')
    elif fault.ending == "no_http":
        transport.write(b"\x00\x01 this is no HTTP\r\n\r\n")
    transport.close()
    return web.Response()


def submits_in(log: Path) -> Iterator[dict[str, object]]:
    """Read the submits that a server of its own has logged, oldest first."""
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["call"] == "submit":
            yield entry
