"""
A person who uses the bot: commands, presses, forms, each pushed through the gateway.

    ann = discord.user("ann", channel=channel)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": ("a.png", png)})
    card = await shown.settled(lambda message: "running" in message.text)
    await ann.click(card, "Cancel")

Each returns once the bot has acknowledged; `waits=False` returns at once, for a bot that is late,
down or killed (`await shown.acknowledged()` later). A person does only what Discord's client
offers: an unknown option, a disabled button, an empty required field fail the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.fakes.discord_components import BUTTON, SELECTS
from tests.fakes.discord_desk import Desk
from tests.fakes.discord_forms import File, submitted
from tests.fakes.discord_interactions import Doing
from tests.fakes.discord_options import check_offered, options_of
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_values import Attachment, Channel, Json, Message, User

LINK = 5
"""The style of a button that opens an address instead of asking the bot."""


class Person:
    """Somebody in a channel; `user` is who, and `channel` where unless a call says otherwise."""

    def __init__(self, desk: Desk, user: User, channel: Channel) -> None:
        self.user = user
        self.channel = channel
        self._desk = desk

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention

    async def slash(
        self,
        name: str,
        options: Mapping[str, object] | None = None,
        *,
        channel: Channel | None = None,
        attachments: Mapping[str, File] | None = None,
        waits: bool = True,
    ) -> Shown:
        """Use a slash command; `attachments` are files by option."""
        command = self._desk.command(name)
        check_offered(command, channel or self.channel)
        uploads = {key: self._upload(file) for key, file in (attachments or {}).items()}
        files = {key: str(upload.id) for key, upload in uploads.items()}
        data = self._data(command, name, 1)
        data["options"] = options_of(command, options or {}, files)
        data["resolved"] = self._resolved(uploads.values())
        return await self._do(Doing.COMMAND, data, channel=channel, waits=waits)

    async def autocomplete(
        self,
        name: str,
        options: Mapping[str, object],
        focused: str,
        *,
        channel: Channel | None = None,
    ) -> list[Json]:
        """Type into the option `focused`, and return what is offered."""
        command = self._desk.command(name)
        data = self._data(command, name, 1)
        data["options"] = options_of(command, options, {}, focused=focused)
        return (await self._do(Doing.AUTOCOMPLETE, data, channel=channel)).choices

    async def message_command(
        self, name: str, message: Message, *, channel: Channel | None = None, waits: bool = True
    ) -> Shown:
        """Use a command of the menu of `message`."""
        command = self._desk.command(name)
        check_offered(command, channel or message.channel)
        data = self._data(command, name, 3)
        shown = {str(message.id): self._desk.wire.message(message)}
        data |= {"target_id": str(message.id), "resolved": {"messages": shown}}
        channel = channel or message.channel
        return await self._do(Doing.COMMAND, data, channel=channel, waits=waits)

    async def click(
        self,
        message: Message,
        control: str,
        *,
        channel: Channel | None = None,
        values: Sequence[str] | None = None,
        waits: bool = True,
    ) -> Shown:
        """Press a button, or choose `values` in a menu, named by its label or custom id."""
        assert not message.deleted, "nobody presses on a deleted message"
        assert not message.ephemeral or message.seen_by is self.user, "only its user sees this"
        part = find_control(message, control)
        data = {"component_type": part["type"], "custom_id": part["custom_id"], "id": part["id"]}
        if part["type"] in SELECTS:
            data["values"] = chosen(part, values or [])
        channel = channel or message.channel
        return await self._do(Doing.COMPONENT, data, channel=channel, source=message, waits=waits)

    async def submit_modal(
        self, shown: Shown, values: Mapping[str, object], *, waits: bool = True
    ) -> Shown:
        """Send the form that `shown` opened, with `values` by label or custom id."""
        uploads: list[Attachment] = []

        def upload(file: File) -> str:
            uploads.append(self._upload(file))
            return str(uploads[-1].id)

        data: Json = {"custom_id": shown.modal["custom_id"]}
        data["components"] = submitted(shown.modal, values, upload)
        data["resolved"] = self._resolved(uploads)
        where = shown.interaction.channel
        source = shown.source
        return await self._do(Doing.MODAL, data, channel=where, source=source, waits=waits)

    async def _do(
        self,
        doing: Doing,
        data: Json,
        *,
        channel: Channel | None,
        source: Message | None = None,
        waits: bool = True,
    ) -> Shown:
        where = channel or self.channel
        interaction = await self._desk.push(
            doing, data, user=self.user, channel=where, source=source
        )
        shown = Shown(interaction, self._desk.world.news)
        return await shown.acknowledged() if waits else shown

    def _data(self, command: Json | None, name: str, kind: int) -> Json:
        command_id = command["id"] if command else str(self._desk.world.snowflake())
        return {"id": command_id, "name": name, "type": kind}

    def _upload(self, file: File) -> Attachment:
        world = self._desk.world
        return world.attach(world.bot.id, *file, ephemeral=True)

    def _resolved(self, uploads: Iterable[Attachment]) -> Json:
        return {"attachments": {str(one.id): self._desk.wire.attachment(one) for one in uploads}}


def chosen(menu: Json, values: Sequence[str]) -> list[str]:
    """Return what is chosen in a menu, which has to be offered there."""
    offered = [option["value"] for option in menu.get("options") or []]
    assert not offered or set(values) <= set(offered), f"{values} is not in {offered}"
    return list(values)


def find_control(message: Message, control: str) -> Json:
    """Return the one control with this label or custom id that can be used."""
    found = [
        part
        for part in message.controls
        if control in (part.get("custom_id"), part.get("label"), part.get("placeholder"))
    ]
    labels = [(part.get("label"), part.get("custom_id")) for part in message.controls]
    assert len(found) == 1, f"{len(found)} controls are called {control!r}; there are {labels}"
    assert not found[0].get("disabled"), f"{control!r} is disabled"
    assert (found[0]["type"], found[0].get("style")) != (BUTTON, LINK), f"{control!r} is a link"
    return found[0]
