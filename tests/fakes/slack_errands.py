"""A deliverer with the real slack_sdk behind it, and rows of deliveries as the courier keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from adapters.precedence import Precedence
from adapters.slack import origin
from adapters.slack.client import make_client, open_session
from adapters.slack.delivery import SlackDeliverer
from adapters.slack.files import Files
from adapters.slack.origin import Entry, SlackOrigin, Source
from adapters.slack.wire import Wire
from core.errors import StaleJob
from core.jobs.deliveries import nonce
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, State
from core.media.decoding import Decoder
from core.media.download import Downloader, Patience
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from tests.fakes import jobs
from tests.fakes.clock import FastClock
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_values import Channel, Message, User

JOB_ID = "01JA0000000000000000000000"
IMPATIENT = Patience(attempts=2, first_wait_s=0.01)
RESPONSE_LIVES = timedelta(minutes=30)


@dataclass
class Rows:
    """The deliveries of one job; `deliver` does what the courier does around a call."""

    bench: Bench
    job: Job
    rows: dict[tuple[DeliveryKind, int], Delivery] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[Delivery, ...]:
        return tuple(row for row in self.rows.values() if row.state is DeliveryState.SENT)

    def row(self, kind: DeliveryKind, seq: int = 0) -> Delivery:
        """Return a delivery as its row is now."""
        fresh = Delivery(
            job_id=self.job.job_id,
            kind=kind,
            seq=seq,
            state=DeliveryState.PENDING,
            nonce=nonce(self.job.job_id, kind, seq),
        )
        return self.rows.setdefault((kind, seq), fresh)

    async def deliver(self, kind: DeliveryKind, seq: int = 0) -> Delivery:
        """Try once, with the intent and every fact committed; raise what the deliverer raises."""
        now = self.bench.clock.now()
        before = self.row(kind, seq)
        begun = replace(
            before,
            state=DeliveryState.SENDING,
            attempt=before.attempt + 1,
            first_attempt_at=before.first_attempt_at or now,
            last_attempt_at=now,
        )
        self.rows[kind, seq] = begun

        async def note(facts: Mapping[str, object]) -> None:
            if self.bench.is_overtaken:
                raise StaleJob(self.job.job_id)
            row = self.rows[kind, seq]
            self.rows[kind, seq] = replace(row, data={**row.data, **facts})
            if self.bench.dies_noting is not None and self.bench.dies_noting in facts:
                raise Killed

        receipt = await self.bench.deliverer.deliver(self.job, begun, self.sent, note)
        row = self.rows[kind, seq]
        done = replace(row, state=DeliveryState.SENT, data={**row.data, **receipt.data})
        self.rows[kind, seq] = done
        return done

    def becomes(self, state: State, **changes: Any) -> None:
        """Move the job on."""
        if state in {State.READY, State.FAILED, State.EXPIRED, State.UNCERTAIN}:
            changes.setdefault("finished_at", self.bench.clock.now())
        self.job = replace(self.job, state=state, **changes)


class Killed(BaseException):
    """The process ends here, with what was noted committed."""


@dataclass
class Bench:
    """A fake Slack with a channel and a person, and a deliverer that speaks to it."""

    server: SlackServer
    clock: FastClock
    client: AsyncWebClient
    wire: Wire
    spool: FileSpool
    decoder: Decoder
    deliverer: SlackDeliverer
    files: Files
    downloader: Downloader
    channel: Channel
    ann: User
    dies_noting: str | None = None
    """The process ends right after a fact of this name was committed."""
    is_overtaken: bool = False
    """Whether others have the jobs by now, so that nothing is committed."""

    async def picture(
        self, colour: str = "teal", size: tuple[int, int] = (64, 48), form: str = "PNG"
    ) -> MediaItem:
        """Keep a picture of one colour."""
        return await self.keep(jobs.picture_bytes(colour, size, form), Kind[form], size)

    async def keep(self, data: bytes, kind: Kind, size: tuple[int, int] = (64, 48)) -> MediaItem:
        """Keep these bytes as a picture."""
        return await self.spool.put(data, kind=kind, width_px=size[0], height_px=size[1])

    async def rows(
        self,
        *,
        channel: Channel | None = None,
        thread: Message | None = None,
        entry: Entry = Entry.COMMAND,
        response_url: str | None = None,
        sources: tuple[Source, ...] = (),
        pictures: int = 1,
        **changes: Any,
    ) -> Rows:
        """Return a job that asked for `pictures`, prepared, with no delivery begun."""
        now = self.clock.now()
        told = SlackOrigin(
            team_id=self.server.world.team_id,
            enterprise_id=None,
            channel_id=(channel or self.channel).id,
            thread_ts=thread.ts if thread else None,
            user_id=self.ann.id,
            response_url=response_url,
            response_url_expires_at=now + RESPONSE_LIVES if response_url else None,
            entry=entry,
            sources=sources,
        )
        job = jobs.job(
            job_id=changes.pop("job_id", JOB_ID),
            request_batch=pictures,
            prepared=(await self.picture("plum", form="JPEG"),),
            created_at=now,
            updated_at=now,
            deadline_at=now + timedelta(seconds=900),
            **changes,
        )
        place = f"slack:{told.channel_id}"
        return Rows(bench=self, job=replace(job, origin=origin.to_origin(told, place=place)))

    async def ready(self, rows: Rows, outputs: tuple[MediaItem, ...] | None = None) -> Rows:
        """Post the card, and let the job have its pictures."""
        await rows.deliver(DeliveryKind.CARD)
        count = rows.job.request.batch
        made = [await self.picture(hue) for hue in ("teal", "navy", "gold", "pink")[:count]]
        rows.becomes(State.READY, outputs=tuple(made) if outputs is None else outputs)
        return rows

    async def response_url(self) -> str:
        """Return where an act of ann's can be answered; nobody acknowledges it."""
        person = self.server.user(self.ann, channel=self.channel)
        shown = await person.command("/redraw", waits=False)
        return str(shown.act.payload["response_url"])

    def refused(self, rows: Rows, kind: DeliveryKind) -> Delivery:
        """Return a delivery as its row is once it was refused."""
        return replace(rows.row(kind), state=DeliveryState.REFUSED)

    def card(self, rows: Rows) -> Message:
        """Return the card's message."""
        data = rows.row(DeliveryKind.CARD).data
        channel = self.server.world.channels[str(data["channel"])]
        found = self.server.world.find(channel, str(data["message"]))
        assert found is not None
        return found


@asynccontextmanager
async def open_bench(
    folder: Path, *, rate_limits: bool = False, rate: float = 1.0
) -> AsyncIterator[Bench]:
    """Open everything, as it is for a worker."""
    clock = FastClock(rate)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SlackServer(clock=clock, rate_limits=rate_limits))
        session = await stack.enter_async_context(open_session())
        token = SecretStr(server.bot_token)
        client = make_client(token=token, session=session, api_url=server.api_url)
        downloader = await stack.enter_async_context(Downloader(clock=clock, patience=IMPATIENT))
        decoder = await stack.enter_async_context(Decoder(processes=1, clock=clock))
        spool = FileSpool(folder / "pictures")
        wire = Wire(client, clock)
        files = Files(
            wire=wire,
            downloader=downloader,
            spool=spool,
            decoder=decoder,
            token=token,
            api_url=server.api_url,
        )
        ann = server.world.user("ann")
        yield Bench(
            server=server,
            clock=clock,
            client=client,
            wire=wire,
            spool=spool,
            decoder=decoder,
            files=files,
            downloader=downloader,
            channel=server.world.channel(members=[ann]),
            ann=ann,
            deliverer=SlackDeliverer(
                wire=wire,
                files=files,
                catalogue=jobs.MODELS,
                spool=spool,
                decoder=decoder,
                clock=clock,
                expected_s=lambda model_id: 8.0,
                precedence=Precedence(clock),
            ),
        )
