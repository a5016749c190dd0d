"""Conductor: the answers whose shape no document describes, each marked as the studio's guess."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from core.studio import faults
from core.studio.faults import Fault, FaultName

_FULL_RETRY_AFTER_S: Final = 5.0
_DETAILS: Final = {
    FaultName.BAD_TOKEN: "Not authenticated",
    FaultName.NO_CREDITS: "Insufficient credits",
    FaultName.FORBIDDEN: "Forbidden",
    FaultName.NOT_FOUND: "Not Found",
    FaultName.TOO_MANY: "Too many requests",
}


def broken_off(request: web.Request, fault: Fault | None) -> web.Response | None:
    """Commit the part of a fault that comes after a call was carried out."""
    if fault is None or fault.name not in {FaultName.CUT, FaultName.MALFORMED}:
        return None
    if fault.name is FaultName.CUT and request.transport is not None:
        request.transport.close()
    headers = {faults.GUESS_HEADER: str(fault)}
    return web.Response(
        body=b'{"status": "PENDING", "task_id": "', content_type="application/json", headers=headers
    )


def full() -> web.Response:
    """Turn a call away because there is too much to do already."""
    return turned_away(Fault(name=FaultName.TOO_MANY, number=_FULL_RETRY_AFTER_S), 429)


def turned_away(fault: Fault, status: int) -> web.Response:
    """Commit a fault that turns a call away unread."""
    if fault.name is FaultName.PROXY_PAGE:
        page = "<html><head><title>502 Bad Gateway</title></head><body>502</body></html>"
        headers = {faults.GUESS_HEADER: str(fault)}
        return web.Response(text=page, status=status, content_type="text/html", headers=headers)
    answer = guess(status, _DETAILS.get(fault.name, "refused on demand"), str(fault))
    if fault.name is FaultName.TOO_MANY:
        answer.headers[hdrs.RETRY_AFTER] = f"{fault.seconds:g}"
    return answer


def guess(status: int, detail: str, why: str = "undocumented") -> web.Response:
    """Answer with a status and a text; `why` is what the header that marks guesses says."""
    headers = {faults.GUESS_HEADER: why}
    return web.json_response({"detail": detail}, status=status, headers=headers)
