"""
A replica as a process of its own, to be killed or stopped: `python -m tests.fakes.replica_process`.

Takes the folder of pictures, the database and the origin of the provider; says on its standard
output what it held at some time (`held N`), and what it posted (`posted <job> <kind>`).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from core.jobs.delivery import Note
from core.jobs.job import Delivery, Job, Receipt
from core.jobs.schedule import Pace
from core.media.item import Kind
from core.media.spool import FileSpool
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.replicas import open_replica


def say(line: str) -> None:
    """Write a line to whoever started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class SayingDeliverer(RecordingDeliverer):
    """Says on standard output what it posts."""

    async def deliver(
        self, job: Job, delivery: Delivery, sent: tuple[Delivery, ...], note: Note
    ) -> Receipt:
        receipt = await super().deliver(job, delivery, sent, note)
        say(f"posted {job.job_id} {delivery.kind}")
        return receipt


async def main(folder: str, url: str, origin: str) -> None:
    """Drive jobs until killed."""
    spool = FileSpool(Path(folder) / "media")
    picture = await spool.put(picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
    deliverer = SayingDeliverer(pictures=(picture,))
    async with open_replica(
        Path(folder), url, origin, deliverer, name="process", pace=Pace(interval_s=0.5)
    ) as replica:
        replica.start()
        said = -1
        while True:
            if len(replica.poller) != said:
                said = len(replica.poller)
                say(f"held {said}")
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
