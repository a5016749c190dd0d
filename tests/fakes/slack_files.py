"""files.*: uploads in three steps with shares that come later, files.info and files.delete."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from tests.fakes.discord_pictures import size_px_of
from tests.fakes.slack_asked import Answer, Asked, Handler
from tests.fakes.slack_block_ids import numbered
from tests.fakes.slack_blocks import check_blocks
from tests.fakes.slack_chat import Chat
from tests.fakes.slack_directory import Directory
from tests.fakes.slack_links import Links
from tests.fakes.slack_refusals import Refused
from tests.fakes.slack_values import Channel, File, Json, Message
from tests.fakes.slack_wire import Wire
from tests.fakes.slack_world import World

LONGEST_ALT = 1000
"""Source: Slack, methods/files.getUploadURLExternal (`alt_txt_too_large`)."""

MOST_FILES = 14
"""Files completed at once; more are `internal_error`. Source: python-slack-sdk#1653."""

TAKES_ALT = ("image/png", "image/jpeg", "image/gif")
"""Files with alt text that are shared at all. Source: python-slack-sdk#1818."""


@dataclass(kw_only=True)
class Ticket:
    """An upload that was begun: `length` bytes are to come for `file`."""

    file: File
    length: int
    taken: bool = False
    completed: bool = False


@dataclass(kw_only=True)
class Sharing:
    """Files on their way into a channel."""

    files: list[File]
    channel: Channel
    thread_ts: str | None
    text: str
    blocks: list[Json] = field(default_factory=list)


class Files:
    """Handlers of files.*; `start` runs what goes on after an answer."""

    def __init__(
        self,
        world: World,
        *,
        wire: Wire,
        directory: Directory,
        chat: Chat,
        links: Links,
        start: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.waiting: list[Sharing] = []
        self._world = world
        self._wire = wire
        self._directory = directory
        self._chat = chat
        self._links = links
        self._start = start

    def handlers(self) -> dict[str, Handler]:
        """Return who answers which method."""
        return {
            "files.getUploadURLExternal": self._begin,
            "files.completeUploadExternal": self._complete,
            "files.info": self._info,
            "files.delete": self._delete,
        }

    def take(self, ticket: Ticket, data: bytes) -> None:
        """Keep the bytes of an upload."""
        ticket.file.data = data
        ticket.file.size_px = size_px_of(data)
        ticket.taken = True
        self._world.news.spread()

    def release(self) -> None:
        """Let everything be shared that was held."""
        self._world.shares_held = False
        for sharing in self.waiting:
            self._share(sharing)
        self.waiting.clear()

    def _begin(self, asked: Asked) -> Answer:
        length = int(asked.text("length") or 0)
        name = asked.text("filename")
        if length <= 0 or not name:
            raise Refused("missing_argument")
        if len(asked.text("alt_txt")) > LONGEST_ALT:
            raise Refused("alt_txt_too_large")
        self._check_admin(name, length)
        file = self._world.file(self._world.bot, name, b"")
        file.alt = asked.text("alt_txt") or None
        file.processed = False
        self.tickets[file.id] = Ticket(file=file, length=length)
        return Answer(body={"upload_url": self._links.upload(file.id), "file_id": file.id})

    def _check_admin(self, name: str, length: int) -> None:
        world = self._world
        if world.uploads_disabled:
            raise Refused("file_uploads_disabled")
        if world.storage_full:
            raise Refused("storage_limit_reached")
        if world.largest_upload_bytes is not None and length > world.largest_upload_bytes:
            raise Refused("file_upload_size_restricted")
        if name.rpartition(".")[2].lower() in world.forbidden_types:
            raise Refused("file_type_not_allowed")
        if world.images_only and not name.lower().endswith((".png", ".jpg", ".jpeg", ".gif")):
            raise Refused("file_uploads_except_images_disabled")

    def _complete(self, asked: Asked) -> Answer:
        tickets = [self._ticket(each) for each in asked.list("files")]
        if not tickets:
            raise Refused("missing_argument")
        if len(tickets) > MOST_FILES:
            raise Refused("internal_error")
        sharing = self._sharing(asked, [ticket.file for ticket in tickets])
        for ticket, named in zip(tickets, asked.list("files"), strict=True):
            ticket.completed = True
            ticket.file.title = named.get("title") or ticket.file.name
        self._start(self._finish([ticket.file for ticket in tickets], sharing))
        return Answer(body={"files": [self._wire.file(ticket.file) for ticket in tickets]})

    def _ticket(self, named: Json) -> Ticket:
        ticket = self.tickets.get(str(named.get("id")))
        if ticket is None or not ticket.taken or ticket.completed:
            raise Refused("file_not_found")
        return ticket

    def _sharing(self, asked: Asked, files: list[File]) -> Sharing | None:
        if not asked.text("channel_id"):
            return None
        channel = self._directory.known(asked.text("channel_id"))
        if not self._directory.is_member(channel):
            raise Refused("not_in_channel")
        if channel.archived:
            raise Refused("posting_to_channel_denied")
        text = asked.text("initial_comment")
        blocks = [] if text else asked.list("blocks")
        check_blocks(self._world, blocks)
        thread_ts = self._chat.thread(channel, asked.text("thread_ts"))
        return Sharing(files=files, channel=channel, thread_ts=thread_ts, text=text, blocks=blocks)

    async def _finish(self, files: list[File], sharing: Sharing | None) -> None:
        await self._world.clock.sleep(self._world.share_after_s)
        if sharing is not None and self._world.shares_held:
            self.waiting.append(sharing)
        elif sharing is not None:
            self._share(sharing)
        else:
            for file in files:
                file.processed = True
            self._world.news.spread()

    def _share(self, sharing: Sharing) -> None:
        for file in sharing.files:
            file.processed = True
        shared = [f for f in sharing.files if f.alt is None or f.mimetype in TAKES_ALT]
        shared = [file for file in shared if not file.deleted]
        if not shared:
            self._world.news.spread()
            return
        message = Message(
            ts=self._world.new_ts(),
            channel=sharing.channel,
            author=self._world.bot,
            posted_at=self._world.clock.now(),
            text=sharing.text,
            blocks=numbered(sharing.blocks, self._world.new_id),
            thread_ts=sharing.thread_ts,
        )
        self._world.add(message, shared)

    def _info(self, asked: Asked) -> Answer:
        file = self._visible(asked.text("file"))
        if file.deleted:
            raise Refused("file_deleted")
        return Answer(body={"file": self._wire.file(file), "comments": []})

    def _delete(self, asked: Asked) -> Answer:
        file = self._visible(asked.text("file"))
        if file.deleted:
            raise Refused("file_deleted")
        if file.owner is not self._world.bot:
            raise Refused("cant_delete_file")
        self._world.delete_file(file)
        return Answer()

    def _visible(self, file_id: str) -> File:
        file = self._world.files.get(file_id)
        ticket = self.tickets.get(file_id)
        begun = ticket is not None and not ticket.completed
        if file is None or begun or not self._world.sees(file):
            raise Refused("file_not_found")
        return file
