"""
Doer: single files of pictures on a disk: written whole, found by name, let go of when old.

What the disk says against it is raised as OSError; `core.media.spool` translates.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from core.media.item import is_name

PART_SUFFIX = ".part"
"""Ends the name of a file that is still being written."""

_PART_PREFIX = "redraw-"
"""Begins it: other programs leave files with that ending as well."""


def is_ours(path: Path) -> bool:
    """Whether a file is a picture, or part of one that was not finished."""
    name = path.name
    is_part = name.startswith(_PART_PREFIX) and name.endswith(PART_SUFFIX)
    return (is_part or is_name(name)) and path.is_file()


def forget(path: Path, older_than: datetime) -> bool:
    """Remove a file, unless it is put again just now; once moved aside, its age is its last."""
    aside = path.with_name(f"{_PART_PREFIX}{path.name}{PART_SUFFIX}")
    path.rename(aside)
    if put_at(aside) >= older_than:
        aside.replace(path)
        return False
    aside.unlink()
    return True


def renew(path: Path, size_bytes: int) -> bool:
    """Make a whole file young, so that a sweep under way does not take it for old."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size == size_bytes:
            os.utime(path)
            return True
    return False


def write(path: Path, data: bytes) -> None:
    """Put a file there, durably, whole or not at all; one that is there already becomes young."""
    if renew(path, len(data)):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(PART_SUFFIX, _PART_PREFIX, path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        unlink(Path(part))
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the move itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unlink(path: Path) -> None:
    """Remove a file; nothing happens when it is not there."""
    path.unlink(missing_ok=True)


def put_at(path: Path) -> datetime:
    """Return when a file was put there, or touched last."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
