"""Conductor: brings the user's picture files into the spool, or says what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.terminal import files
from adapters.terminal.parts import Parts
from core.errors import MediaError, MediaUnavailable, Problem
from core.media.fit import probe_picture
from core.media.item import Kind, MediaItem

SAMPLE = Path("the sample picture")
"""Stands for the name of a file where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A picture whose header has been read; it is in nobody's spool yet."""

    data: bytes
    kind: Kind
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """What the user's files gave."""

    pictures: tuple[Loaded, ...] = ()
    problems: tuple[Problem, ...] = ()


async def load(parts: Parts, paths: Sequence[Path]) -> Intake:
    """
    Return the pictures at `paths`, or the sample picture when there is none.

    Raises:
        MediaUnavailable: no decoder can be started.
    """
    given = await files.read(paths) if paths else await _drawn(parts)
    pictures, problems = [], list(given.problems)
    for path, data in given.pictures:
        try:
            pictures.append(await _probed(parts, data))
        except MediaUnavailable:
            raise
        except MediaError as error:
            problems.append(files.refused(path, error))
    return Intake(pictures=tuple(pictures), problems=tuple(problems))


async def keep(parts: Parts, pictures: Sequence[Loaded]) -> tuple[MediaItem, ...]:
    """Put the pictures into the spool; from here on the files may go."""
    return tuple(
        [
            await parts.spool.put(
                picture.data,
                kind=picture.kind,
                width_px=picture.width_px,
                height_px=picture.height_px,
            )
            for picture in pictures
        ]
    )


async def _drawn(parts: Parts) -> files.Given:
    return files.Given(pictures=((SAMPLE, await parts.decoder.run(parts.draw_sample)),))


async def _probed(parts: Parts, data: bytes) -> Loaded:
    kind, width_px, height_px = await parts.decoder.run(probe_picture, data)
    return Loaded(data=data, kind=kind, width_px=width_px, height_px=height_px)
