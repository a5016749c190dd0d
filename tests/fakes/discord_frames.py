"""How the gateway's payloads are put into frames: zstd, zlib, or plain text."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import zstandard

Compressor = Callable[[bytes], bytes | str]
"""Turns one payload into what one frame carries; bytes go into a binary frame."""


def frames_for(compression: str | None) -> Compressor:
    """Return the compressor of one connection; each flushes after every payload."""
    if compression == "zstd-stream":
        return _zstd()
    if compression == "zlib-stream":
        return _zlib()
    return bytes.decode


def _zstd() -> Compressor:
    stream = zstandard.ZstdCompressor().compressobj()
    flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return lambda payload: stream.compress(payload) + stream.flush(flush)


def _zlib() -> Compressor:
    stream = zlib.compressobj()
    return lambda payload: stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)
