"""A deliverer with the real discord.py behind it, and rows of deliveries as the courier keeps."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
from discord.http import Route

from adapters.discord import origin
from adapters.discord.delivery import DiscordDeliverer
from adapters.discord.files import Files
from adapters.discord.origin import DiscordOrigin, Source
from adapters.discord.wire import Wire
from adapters.precedence import Precedence
from core.jobs.deliveries import nonce
from core.jobs.job import Delivery, DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, State
from core.media.decoding import Decoder
from core.media.download import Downloader
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from tests.fakes import jobs
from tests.fakes.clock import FastClock
from tests.fakes.discord_interactions import Doing, Interaction, Reply
from tests.fakes.discord_server import TOKEN, DiscordServer
from tests.fakes.discord_values import Channel, Flag, Message, User

JOB_ID = "01JA0000000000000000000000"
TOKEN_LIVES = timedelta(minutes=15)


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
            row = self.rows[kind, seq]
            self.rows[kind, seq] = replace(row, data={**row.data, **facts})

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


@dataclass
class Bench:
    """A fake Discord with a server, a channel and a person, and a deliverer that is logged in."""

    server: DiscordServer
    clock: FastClock
    client: discord.Client
    wire: Wire
    spool: FileSpool
    decoder: Decoder
    deliverer: DiscordDeliverer
    precedence: Precedence
    files: Files
    logged_in: asyncio.Event
    channel: Channel
    ann: User

    async def picture(
        self, colour: str = "teal", size: tuple[int, int] = (64, 48), form: str = "PNG"
    ) -> MediaItem:
        """Keep a picture of one colour."""
        return await self.keep(jobs.picture_bytes(colour, size, form), Kind[form], size)

    async def keep(self, data: bytes, kind: Kind, size: tuple[int, int] = (64, 48)) -> MediaItem:
        """Keep these bytes as a picture."""
        return await self.spool.put(data, kind=kind, width_px=size[0], height_px=size[1])

    async def asked(
        self, channel: Channel | None = None, *, acknowledge: bool = True
    ) -> Interaction:
        """Return an interaction of ann's; acknowledged, so that everybody sees work beginning."""
        asked = Interaction(
            id=self.server.world.snowflake(),
            token=secrets.token_urlsafe(32),
            doing=Doing.COMMAND,
            data={},
            user=self.ann,
            channel=channel or self.channel,
            source=None,
            pushed_at=self.clock.now(),
            pushed_s=self.clock.monotonic_s(),
        )
        self.server.world.interactions[asked.id] = asked
        if acknowledge:
            asked.reply = Reply.DEFERRED
            asked.original = self.server.world.add(
                Message(
                    id=self.server.world.snowflake(),
                    channel=asked.channel,
                    author=self.server.world.bot,
                    created_at=self.clock.now(),
                    interaction_id=asked.id,
                    type=20,
                    flags=Flag.LOADING,
                )
            )
        return asked

    async def rows(
        self,
        asked: Interaction | None = None,
        *,
        sources: tuple[Source, ...] = (),
        pictures: int = 1,
        **changes: Any,
    ) -> Rows:
        """Return a job that asked for `pictures`, prepared, with no delivery begun."""
        asked = asked or await self.asked()
        told = self.told(asked, sources)
        prepared = changes.pop("prepared", None) or (await self.picture("plum", form="JPEG"),)
        job = jobs.job(
            job_id=JOB_ID,
            request_batch=pictures,
            prepared=prepared,
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            deadline_at=self.clock.now() + timedelta(seconds=900),
            **changes,
        )
        place = f"discord:{asked.channel.id}"
        return Rows(bench=self, job=replace(job, origin=origin.to_origin(told, place=place)))

    async def ready(self, rows: Rows, outputs: tuple[MediaItem, ...] | None = None) -> Rows:
        """Post the card, and let the job have its pictures."""
        await rows.deliver(DeliveryKind.CARD)
        made = [await self.picture(hue) for hue in ("teal", "navy")[: rows.job.request.batch]]
        rows.becomes(State.READY, outputs=tuple(made) if outputs is None else outputs)
        return rows

    def told(self, asked: Interaction, sources: tuple[Source, ...] = ()) -> DiscordOrigin:
        """Return the origin that an interaction gives."""
        guild = asked.channel.guild
        return DiscordOrigin(
            application_id=self.server.application_id,
            interaction_id=asked.id,
            token=asked.token,
            token_expires_at=asked.pushed_at + TOKEN_LIVES,
            guild_id=guild.id if guild else None,
            channel_id=asked.channel.id,
            channel_kind=int(asked.channel.kind),
            user_id=asked.user.id,
            upload_limit_bytes=10 * 2**20,
            sources=sources,
        )


@asynccontextmanager
async def open_bench(folder: Path, *, rate: float = 1.0) -> AsyncIterator[Bench]:
    """Open everything; the client is logged in by REST alone, as it is for a worker."""
    clock = FastClock(rate)
    base = Route.BASE
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(DiscordServer(clock=clock))
        Route.BASE = server.api_url
        client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30.0)
        stack.push_async_callback(client.close)
        logged_in = asyncio.Event()
        await client.login(TOKEN)
        logged_in.set()
        downloader = await stack.enter_async_context(
            Downloader(clock=clock, trusted_origins=frozenset({server.cdn_url}))
        )
        decoder = await stack.enter_async_context(Decoder(processes=1, clock=clock))
        spool = FileSpool(folder / "pictures")
        wire = Wire(client, clock, logged_in)
        files = Files(
            wire=wire,
            downloader=downloader,
            spool=spool,
            decoder=decoder,
            own_origin=server.cdn_url,
        )
        guild = server.world.guild()
        precedence = Precedence(clock)
        yield Bench(
            server=server,
            clock=clock,
            client=client,
            wire=wire,
            spool=spool,
            decoder=decoder,
            files=files,
            logged_in=logged_in,
            channel=server.world.channel(guild),
            ann=server.world.user("ann"),
            deliverer=DiscordDeliverer(
                wire=wire,
                files=files,
                catalogue=jobs.MODELS,
                spool=spool,
                decoder=decoder,
                clock=clock,
                expected_s=lambda model_id: 8.0,
                precedence=precedence,
            ),
            precedence=precedence,
        )
    Route.BASE = base
