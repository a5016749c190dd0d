"""A painter that takes milliseconds: the picture in another colour for each of the batch."""

from __future__ import annotations

import io
import os
import signal
import time

from PIL import Image, ImageOps

from core.media.item import Kind
from core.studio.painter import Painted, Painting

_COLOURS = ("teal", "orange", "purple", "green", "navy", "crimson", "olive", "sienna")


def paint(task: Painting) -> Painted:
    """
    Paint a PNG for GPT Image and a JPEG for the others, as the hosted models do.

    A prompt with the word "crash" raises, one with "kill" ends the process as the system would;
    "sleep" takes a tenth of a second.
    """
    if "kill" in task.prompt:
        os.kill(os.getpid(), signal.SIGKILL)
    if "crash" in task.prompt:
        raise RuntimeError("the painter fell off the ladder")
    if "sleep" in task.prompt:
        time.sleep(0.1)
    with Image.open(io.BytesIO(task.images[0])) as opened:
        grey = ImageOps.grayscale(opened)
    if task.size is not None:
        grey = grey.resize(task.size)
    picture = ImageOps.colorize(grey, _COLOURS[task.batch_index], "white")
    kind = Kind.PNG if task.model_id == "gpt-image" else Kind.JPEG
    target = io.BytesIO()
    picture.save(target, kind.name)
    words = tuple(task.prompt.split())
    return Painted(
        data=target.getvalue(),
        kind=kind,
        width_px=picture.width,
        height_px=picture.height,
        understood=words[:1],
        ignored=words[1:],
    )
