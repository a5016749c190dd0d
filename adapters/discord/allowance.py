"""Decider: how large the files of one message may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.discord.outgoing import Attached

FILE_MAX_BYTES: Final = 10 * 1024 * 1024
"""
The largest file that a bot may send to any server.

What an interaction announces is the larger of the server's and the person's own limit, and the
person's is not the bot's. Source: discord.com/developers/docs/reference#uploading-files.
"""
REQUEST_MAX_BYTES: Final = 24 * 1024 * 1024
"""
All files of one message together.

Source: discord.com/developers/docs/resources/message#create-message, 25 MiB a request; the rest
is for everything else in it.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """How large files may be: each of them, and all together."""

    each_bytes: int
    all_bytes: int


def allowance(limit_bytes: int) -> Allowance:
    """Return what a place takes that announced `limit_bytes` a file to the requester."""
    return Allowance(each_bytes=min(limit_bytes, FILE_MAX_BYTES), all_bytes=REQUEST_MAX_BYTES)


def halved(files: Sequence[Attached]) -> Allowance:
    """Return half of what was too large, whatever the limits had seemed to be."""
    sizes = [len(file.data) for file in files]
    return Allowance(each_bytes=max(sizes, default=0) // 2, all_bytes=sum(sizes) // 2)


def shares(sizes: Sequence[int], allowed: Allowance) -> tuple[int, ...]:
    """
    Return how large each file may be, so that each and all of them are within their limits.

    What small files leave is shared by the large ones.
    """
    each = [0] * len(sizes)
    left = allowed.all_bytes
    by_size = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for place, index in enumerate(by_size):
        each[index] = min(allowed.each_bytes, left // (len(sizes) - place))
        left -= min(sizes[index], each[index])
    return tuple(each)
