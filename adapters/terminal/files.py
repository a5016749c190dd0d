"""Doer: the user's picture files and the folder for results; every mishap is a Problem in words."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.wording import wording
from core.errors import DeliveryRefused, MediaError, Problem, TooLarge, WrongType
from core.media.fit import DEFAULT
from core.media.probe import HEAD_BYTES, describe, sniff

PICTURE_FILES = "a JPEG, PNG, WebP, GIF, AVIF, BMP or HEIC file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What reading the user's files gave."""

    pictures: tuple[tuple[Path, bytes], ...] = ()
    """What may be a picture, going by its first bytes, in the order given."""
    problems: tuple[Problem, ...] = ()
    """One for each file that cannot be used."""


async def read(paths: Sequence[Path]) -> Given:
    """Return the bytes of the pictures in `paths`, or what is wrong with each of them."""
    found = await asyncio.to_thread(lambda: [(path, _read(path)) for path in paths])
    return Given(
        pictures=tuple((path, data) for path, data in found if isinstance(data, bytes)),
        problems=tuple(problem for _, problem in found if isinstance(problem, Problem)),
    )


def is_file(path: Path) -> bool:
    """Whether there is something at `path` that is meant as a picture: a file or the like."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # a prompt may be no possible name of a file
        return False


def refused(path: Path, error: MediaError) -> Problem:
    """Return in words why the picture at `path` cannot be used."""
    return _problem(path, wording(error).what_happened.rstrip("."))


def _read(path: Path) -> bytes | Problem:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _problem(path, "this is no file but a folder or a device")
        with path.open("rb") as file:
            data = file.read(DEFAULT.bytes + 1)
    except FileNotFoundError:
        return _problem(path, "there is no such file; put the prompt in quotes if it was meant")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no possible name of a file"
        return _problem(path, f"it cannot be read ({why})")
    return _checked(path, data)


def _checked(path: Path, data: bytes) -> bytes | Problem:
    if len(data) > DEFAULT.bytes:
        return refused(path, TooLarge(DEFAULT.bytes, "bytes"))
    if sniff(data[:HEAD_BYTES]) is None:
        return refused(path, WrongType(describe(data[:HEAD_BYTES])))
    return data


def _problem(path: Path, reason: str) -> Problem:
    return Problem(parameter="image", reason=f"'{path}': {reason}", allowed=PICTURE_FILES)


async def open_folder(folder: Path) -> Problem | None:
    """Make sure that pictures can be written below `folder`; say what is in the way if not."""
    return await asyncio.to_thread(_open_folder, folder)


def _open_folder(folder: Path) -> Problem | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except FileExistsError:
        why = "a file or device of that name is in the way"
    except (OSError, ValueError) as error:
        why = error.strerror or "" if isinstance(error, OSError) else "no possible name of a folder"
    return Problem(
        parameter="out",
        reason=f"'{folder}' cannot be written to ({why})",
        allowed="a folder that can be made and written to",
    )


async def write(path: Path, data: bytes) -> None:
    """
    Put `data` at `path`, whole or not at all; the same bytes there already are left alone.

    Raises:
        DeliveryRefused: the disk will not take it.
    """
    try:
        await asyncio.to_thread(_write, path, data)
    except OSError as exc:
        reason = f"'{path.parent}' cannot be written to ({exc.strerror})"
        raise DeliveryRefused(reason) from exc


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # a full disk needs the room
        raise
