"""
A person who uses the bot: commands, shortcuts, mentions, presses and modals.

    ann = slack.user("ann", channel=channel)
    shown = await ann.command("/redraw")
    view = await shown.viewed()
    sent = await ann.submit(view, {"Prompt": "ink", "Picture": ("a.png", png)})
    assert not sent.errors
    card = await sent.settled(lambda _: slack.messages(channel))

Each returns once the bot has acknowledged; `waits=False` returns at once, for a bot that is late,
down or killed (`await shown.acknowledged()` later). A person does only what Slack's client offers:
an unknown option, a control that is not there, an empty required field fail the test.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.slack_acts import Act, Carries
from tests.fakes.slack_controls import action_of, find_control, put
from tests.fakes.slack_desk import Desk
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_states import SELECTED, filled, is_empty
from tests.fakes.slack_values import Channel, File, Json, Kind, Message, User, View


class Person:
    """Somebody in a channel; `user` is who, and `channel` where unless a call says otherwise."""

    def __init__(self, desk: Desk, user: User, channel: Channel) -> None:
        self.user = user
        self.channel = channel
        self._desk = desk

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def mention_text(self) -> str:
        """How a message names this person."""
        return self.user.mention

    async def command(
        self, name: str, text: str = "", *, channel: Channel | None = None, waits: bool = True
    ) -> Shown:
        """Use a slash command (`/redraw`); Slack offers none in threads."""
        where = channel or self.channel
        payload = self._desk.payloads.command(self.user, where, name, text)
        act = self._act(Carries.COMMAND, payload, channel=where, triggers=True)
        return await self._do(act, waits=waits)

    async def message_shortcut(
        self, callback_id: str, message: Message, *, waits: bool = True
    ) -> Shown:
        """Use a shortcut of the menu of `message`, which private messages do not have."""
        assert not message.ephemeral, "a private message has no shortcuts"
        assert not message.deleted, "nobody finds the menu of a deleted message"
        payload = self._desk.payloads.message_shortcut(self.user, callback_id, message)
        act = self._act(
            Carries.INTERACTIVE, payload, channel=message.channel, source=message, triggers=True
        )
        return await self._do(act, waits=waits)

    async def global_shortcut(self, callback_id: str, *, waits: bool = True) -> Shown:
        """Use a shortcut that belongs to no channel."""
        payload = self._desk.payloads.global_shortcut(self.user, callback_id)
        return await self._do(self._act(Carries.INTERACTIVE, payload, triggers=True), waits=waits)

    async def mention(
        self,
        text: str,
        *,
        files: Mapping[str, bytes] | list[File] | None = None,
        thread: Message | None = None,
        channel: Channel | None = None,
        waits: bool = True,
    ) -> Shown:
        """Write to the bot in a channel that it is in; its mention is put before the text."""
        where = thread.channel if thread else channel or self.channel
        bot = self._desk.world.bot
        assert where.kind is not Kind.DM, "Slack sends no app_mention from a DM"
        assert bot.id in where.members, "Slack sends no app_mention from where the bot is not"
        said = text if bot.mention in text else f"{bot.mention} {text}"
        message = self._post(said, files or {}, thread, where)
        act = self._told(message, "app_mention")
        self._tell(message)
        return await self._do(act, waits=waits)

    def say(
        self,
        text: str,
        *,
        files: Mapping[str, bytes] | list[File] | None = None,
        thread: Message | None = None,
        channel: Channel | None = None,
    ) -> Message:
        """Post a message, of which the bot hears if it is subscribed to such."""
        where = thread.channel if thread else channel or self.channel
        message = self._post(text, files or {}, thread, where)
        self._tell(message)
        return message

    def upload(
        self,
        files: Mapping[str, bytes] | list[File],
        *,
        text: str = "",
        thread: Message | None = None,
        channel: Channel | None = None,
    ) -> Message:
        """Post files, by name, and return their message."""
        return self.say(text, files=files, thread=thread, channel=channel)

    async def click(self, where: Message | View, control: str, *, waits: bool = True) -> Shown:
        """Press a button of a message or a modal, named by its words or its action id."""
        return await self.choose(where, control, None, waits=waits)

    async def choose(
        self, where: Message | View, control: str, value: object, *, waits: bool = True
    ) -> Shown:
        """Choose in a menu (or other control) that tells the bot at once."""
        part = find_control(where.controls, control)
        if isinstance(where, View):
            return await self._do(self._in_view(where, part, value), waits=waits)
        return await self._do(self._on_message(where, part, value), waits=waits)

    def fill(self, view: View, values: Mapping[str, object]) -> None:
        """Fill in parts of a modal, named by label, block id or action id, without sending it."""
        assert view.open, f"the modal {view.title!r} is closed"
        for name, value in values.items():
            control = find_control(view.controls, name)
            put(view, control, filled(control, self._given(control, value)))

    async def submit(
        self, view: View, values: Mapping[str, object] | None = None, *, waits: bool = True
    ) -> Shown:
        """Fill in a modal and send it; files are `(name, bytes)`, one or a list."""
        self.fill(view, values or {})
        self._check_required(view)
        view.errors = {}
        payload = self._desk.payloads.submitted(self.user, view)
        act = self._act(Carries.INTERACTIVE, payload, view=view, triggers=True)
        return await self._do(act, waits=waits)

    async def close(self, view: View, *, waits: bool = True) -> Shown | None:
        """Close a modal; the bot is told if the modal says so."""
        self._desk.views.close(view)
        if not view.data.get("notify_on_close"):
            return None
        payload = self._desk.payloads.closed(self.user, view, cleared=False)
        return await self._do(self._act(Carries.INTERACTIVE, payload, view=view), waits=waits)

    def _in_view(self, view: View, part: Json, value: object) -> Act:
        assert view.open, f"the modal {view.title!r} is closed"
        assert part["dispatches"], f"{part['label']!r} does not tell the bot before it is sent"
        if part["type"] in SELECTED:
            put(view, part, filled(part, value))
        payload = self._desk.payloads.chosen(self.user, view, action_of(part, value))
        return self._act(Carries.INTERACTIVE, payload, view=view, triggers=True)

    def _on_message(self, message: Message, part: Json, value: object) -> Act:
        assert not message.deleted, "nobody presses on a deleted message"
        assert message.seen_by in (None, self.user), "only its user sees this"
        payload = self._desk.payloads.pressed(self.user, message, action_of(part, value))
        where = message.channel
        return self._act(Carries.INTERACTIVE, payload, channel=where, source=message, triggers=True)

    def _given(self, control: Json, value: object) -> object:
        if control["type"] != "file_input":
            return value
        given = value if isinstance(value, list) else [value]
        assert len(given) <= control.get("max_files", 10), "Slack's client takes no more files here"
        return [self._file(one).id for one in given]

    def _file(self, given: object) -> File:
        if not isinstance(given, File):
            assert isinstance(given, tuple), "a file is (name, bytes)"
            given = self._desk.world.file(self.user, *given)
        given.given_to_bot = True
        return given

    def _check_required(self, view: View) -> None:
        for control in view.controls:
            if control["in"] == "input" and not control["optional"]:
                state = view.values[control["block_id"]][control["action_id"]]
                assert not is_empty(state), f"{control['label']!r} has to be filled in"

    def _post(
        self,
        text: str,
        files: Mapping[str, bytes] | list[File],
        thread: Message | None,
        where: Channel,
    ) -> Message:
        where.members.add(self.user.id)
        return self._desk.world.message(where, self.user, text, files=files, thread=thread)

    def _tell(self, message: Message) -> None:
        kinds = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.DM: "im"}
        world = self._desk.world
        subscribed = f"message.{kinds[message.channel.kind]}" in world.subscribed
        if subscribed and world.bot.id in message.channel.members:
            self._desk.send(self._told(message, "message"))

    def _told(self, message: Message, kind: str) -> Act:
        payloads = self._desk.payloads
        payload = payloads.event(payloads.posted(message, kind))
        return self._desk.act(Carries.EVENT, payload, user=self.user, source=message)

    def _act(
        self,
        carries: Carries,
        payload: Json,
        *,
        channel: Channel | None = None,
        source: Message | None = None,
        view: View | None = None,
        triggers: bool = False,
    ) -> Act:
        return self._desk.act(
            carries,
            payload,
            user=self.user,
            channel=channel,
            source=source,
            view=view,
            triggers=triggers,
        )

    async def _do(self, act: Act, *, waits: bool) -> Shown:
        self._desk.send(act)
        shown = Shown(act, self._desk.world)
        return await shown.acknowledged() if waits else shown
