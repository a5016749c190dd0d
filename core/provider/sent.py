"""Decider: whether a paid call may have left, judged by the exception it ended with."""

from __future__ import annotations

import aiohttp

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""
Raised only while there is no connection yet: refused, no such name, no handshake, no free slot.

Source: aiohttp 3.14, `ClientSession._request`: both come from `connector.connect` alone.
"""


def was_sent(exc: BaseException) -> bool:
    """
    Whether the request behind `exc` may have reached the other side.

    The class of an httpx error says nothing here: on its aiohttp transport a connection that was
    closed after the request had been read is a `ConnectTimeout` as well. Only what it was raised
    from counts, and only by this short list; whatever is not on it may have been sent.
    """
    return not isinstance(exc, _NOT_SENT) and not isinstance(exc.__cause__, _NOT_SENT)
