"""Root: which part of the work one `redraw run` does, of several on one database."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What `redraw run --role` takes."""

    ALL = "all"
    """Listens, drives jobs and delivers."""
    GATEWAY = "gateway"
    """Listens to chats and takes orders; drives nothing."""
    WORKER = "worker"
    """Drives jobs and delivers; does not listen."""

    @property
    def listens(self) -> bool:
        """Whether it takes orders."""
        return self is not Role.WORKER

    @property
    def drives(self) -> bool:
        """Whether it drives jobs and delivers."""
        return self is not Role.GATEWAY
