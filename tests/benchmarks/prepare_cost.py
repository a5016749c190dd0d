"""
CPU and memory of preparing a 12-megapixel JPEG, as a ratio to the obvious Pillow code.

Each runs in a process of its own, so that peaks of memory are its own; the two take turns.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from PIL import Image, ImageOps

from core.media import fit

SIZE_PX = (4000, 3000)
SIDE_PX = 1536


def photograph() -> bytes:
    """Return a 12-megapixel JPEG with the grain of a photograph."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize(SIZE_PX, Image.Resampling.BICUBIC))
    grain = random.normal(0, 6, smooth.shape)
    picture = Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90)
    return data.getvalue()


def obvious(data: bytes) -> bytes:
    """What one writes at first: open, turn, shrink, save."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


def ours(data: bytes) -> bytes:
    """Our preparation with all its checks."""
    return fit.prepare(data).data


def once(pipe: Connection, work: Callable[[bytes], bytes], data: bytes) -> None:
    """Send the CPU time in milliseconds and the growth of the peak of memory in megabytes."""
    small = io.BytesIO()
    Image.new("RGB", (8, 8)).save(small, "JPEG")
    work(small.getvalue())
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_s = time.process_time()
    work(data)
    cpu_ms = (time.process_time() - began_s) * 1000
    pipe.send((cpu_ms, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024))


def drawn(pipe: Connection) -> None:
    """Send the photograph; drawn apart, since a process starts with the peak of its parent."""
    pipe.send_bytes(photograph())


def measured(work: Callable[[bytes], bytes], data: bytes) -> tuple[float, float]:
    """Run `work` in a new process and return what it cost."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=once, args=(theirs, work, data))
    process.start()
    cost: tuple[float, float] = mine.recv()
    process.join()
    return cost


def main() -> None:
    """Let the two take turns and print a small table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    drawing = context.Process(target=drawn, args=(theirs,))
    drawing.start()
    data = mine.recv_bytes()
    drawing.join()
    costs: dict[str, list[tuple[float, float]]] = {"obvious": [], "ours": []}
    for _ in range(options.rounds):
        costs["obvious"].append(measured(obvious, data))
        costs["ours"].append(measured(ours, data))
    medians = {
        name: tuple(statistics.median(c[i] for c in runs) for i in (0, 1))
        for name, runs in costs.items()
    }
    print("          CPU ms  memory MB")
    for name, (cpu_ms, memory_mb) in medians.items():
        print(f"{name:8}  {cpu_ms:6.0f}  {memory_mb:9.0f}")
    ratios = [
        ours_ / theirs for ours_, theirs in zip(medians["ours"], medians["obvious"], strict=True)
    ]
    print(f"ratio     {ratios[0]:6.2f}  {ratios[1]:9.2f}")


if __name__ == "__main__":
    main()
