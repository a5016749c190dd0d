"""Callbacks, `@original` and followups: order, deadlines, tokens and privacy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Flag, Guild

EPHEMERAL = int(Flag.EPHEMERAL)
V2 = int(Flag.IS_COMPONENTS_V2)
FIELDS: list[dict[str, Any]] = [
    {"type": 18, "label": "Prompt", "component": {"type": 4, "style": 1, "custom_id": "prompt"}}
]
FORM: dict[str, Any] = {
    "title": "Form",
    "custom_id": "form",
    "components": FIELDS,
}


def _buttons(*labels: str, disabled: bool = False) -> list[dict[str, Any]]:
    inside = [
        {"type": 2, "style": 1, "label": label, "custom_id": label.lower(), "disabled": disabled}
        for label in labels
    ]
    return [{"type": 1, "components": inside}]


class Bot:
    """What a bot answers, by hand."""

    def __init__(self, call: Raw, discord: DiscordServer) -> None:
        self.call = call
        self.hook = f"/webhooks/{discord.application_id}"

    async def reply(
        self, shown: Shown, kind: int, data: object = None, *, told: bool = True
    ) -> Any:
        path = f"/interactions/{shown.interaction_id}/{shown.token}/callback"
        body = {"type": kind} | ({} if data is None else {"data": data})
        query = "?with_response=1" if told else ""
        return await self.call("POST", path + query, body, token=None)

    async def original(self, shown: Shown, method: str, body: object = None, **more: Any) -> Any:
        path = f"{self.hook}/{shown.token}/messages/@original"
        return await self.call(method, path, body, token=None, **more)

    async def follow(self, shown: Shown, body: object) -> Any:
        return await self.call("POST", f"{self.hook}/{shown.token}", body, token=None)


@pytest.fixture
def bot(call: Raw, discord: DiscordServer) -> Bot:
    return Bot(call, discord)


async def test_defer_then_fill(bot: Bot, ann: Person, discord: DiscordServer) -> None:
    """A deferred answer is a loading message, whose id is told, until it is filled."""
    shown = await ann.slash("redraw", waits=False)
    deferred = await bot.reply(shown, 5)
    loading = shown.message.loading
    filled = await bot.original(shown, "PATCH", {"content": "done"})

    assert (shown.kind, loading, shown.message.loading) == ("deferred", True, False)
    assert deferred.body["interaction"]["response_message_id"] == str(shown.message.id)
    assert deferred.body["interaction"]["response_message_loading"]
    assert (filled.body["content"], shown.message.edits) == ("done", 0)
    assert (await bot.original(shown, "GET")).body["id"] == str(shown.message.id)


async def test_first_followup_fills_a_defer(bot: Bot, ann: Person) -> None:
    """The first followup after a defer edits the original, whatever privacy it asks for."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 5)
    first = await bot.follow(shown, {"content": "one", "flags": EPHEMERAL})
    second = await bot.follow(shown, {"content": "two", "flags": EPHEMERAL})

    assert (first.body["id"], shown.message.ephemeral) == (str(shown.message.id), False)
    assert [(m.content, m.ephemeral) for m in shown.followups] == [("two", True)]
    assert second.body["id"] == str(shown.followups[0].id)
    assert second.body["referenced_message"]["id"] == str(shown.message.id)


async def test_answer_without_response_is_empty(bot: Bot, ann: Person) -> None:
    """Without `with_response` the callback tells nothing."""
    shown = await ann.slash("redraw", waits=False)
    said = await bot.reply(shown, 4, {"content": "hi"}, told=False)

    assert (said.status, said.body, shown.message.content) == (204, None, "hi")


async def test_answer_with_a_file(bot: Bot, call: Raw, ann: Person, png: bytes) -> None:
    """A first answer may carry files."""
    shown = await ann.slash("redraw", waits=False)
    path = f"/interactions/{shown.interaction_id}/{shown.token}/callback"
    await call("POST", path, {"type": 4, "data": {}}, files={"a.png": png}, token=None)

    assert [a.filename for a in shown.message.attachments] == ["a.png"]


async def test_three_seconds(bot: Bot, ann: Person, clock: VirtualClock) -> None:
    """An acknowledgement in time counts its seconds; a late one is refused."""
    early, late = [await ann.slash("redraw", waits=False) for _ in range(2)]
    await clock.advance(2.5)
    await bot.reply(early, 5)
    await clock.advance(1)

    assert (await bot.reply(late, 5)).refused == (404, 10062)
    assert (early.ack_s, late.kind) == (2.5, None)


async def test_second_answer_is_refused(bot: Bot, ann: Person) -> None:
    """One answer each: a second one, and a form after a defer, are 40060."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 5)

    assert (await bot.reply(shown, 5)).refused == (400, 40060)
    assert (await bot.reply(shown, 9, FORM)).refused == (400, 40060)


async def test_wrong_token_is_unknown(bot: Bot, call: Raw, ann: Person) -> None:
    """An interaction is answered with its own token alone."""
    shown = await ann.slash("redraw", waits=False)
    said = await call("POST", f"/interactions/{shown.interaction_id}/no/callback", {"type": 5})

    assert said.refused == (404, 10062)


async def test_token_expires(bot: Bot, ann: Person, clock: VirtualClock) -> None:
    """After fifteen minutes the token edits and says nothing any more."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 5)
    await clock.advance(15 * 60)
    last = await bot.original(shown, "PATCH", {"content": "x"})
    await clock.advance(1)

    assert last.status == 200
    for method, body in (("PATCH", {"content": "y"}), ("GET", None), ("DELETE", None)):
        assert (await bot.original(shown, method, body)).refused == (401, 50027)
    assert (await bot.follow(shown, {"content": "z"})).refused == (401, 50027)


async def test_nothing_follows_before_the_answer(bot: Bot, ann: Person) -> None:
    """Before the first answer there is no webhook."""
    shown = await ann.slash("redraw", waits=False)

    assert (await bot.follow(shown, {"content": "x"})).refused == (404, 10015)


async def test_webhook_is_of_the_application(bot: Bot, call: Raw, ann: Person) -> None:
    """A token works with its own application alone."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 5)
    said = await call("GET", f"/webhooks/7/{shown.token}/messages/@original", token=None)

    assert said.refused == (404, 10015)


async def test_original_is_deleted_once(bot: Bot, ann: Person) -> None:
    """A deleted original is unknown."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 4, {"content": "hi"})
    deleted = await bot.original(shown, "DELETE")

    assert (deleted.status, shown.message.deleted) == (204, True)
    assert (await bot.original(shown, "GET")).refused == (404, 10008)


async def test_private_answers_are_the_users_alone(
    bot: Bot, call: Raw, ann: Person, channel: Channel, discord: DiscordServer
) -> None:
    """An ephemeral message is unknown to the bot's token, and not pressed by others."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 4, {"content": "x", "flags": EPHEMERAL, "components": _buttons("Go")})
    path = f"/channels/{channel.id}/messages/{shown.message.id}"

    assert shown.ephemeral
    assert (await call("GET", path)).refused == (404, 10008)
    assert (await call("PATCH", path, {"content": "y"})).refused == (404, 10008)
    assert (await call("POST", f"{path}/threads", {"name": "t"})).refused == (404, 10008)
    assert (await call("GET", f"/channels/{channel.id}/messages")).body == []
    with pytest.raises(AssertionError, match="only its user"):
        await discord.user("bob", channel=channel).click(shown.message, "Go")


async def test_public_answers_are_the_bots_too(
    bot: Bot, call: Raw, ann: Person, channel: Channel
) -> None:
    """The bot's token edits a public answer; one that is still loading stays so."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 5)
    path = f"/channels/{channel.id}/messages/{shown.message.id}"
    await call("PATCH", path, {"content": "early"})
    still = shown.message.loading
    await bot.original(shown, "PATCH", {"content": "filled"})
    await call("PATCH", path, {"content": "later"})

    assert (still, shown.message.content, shown.message.loading) == (True, "later", False)


async def test_press_updates_its_message(bot: Bot, ann: Person, discord: DiscordServer) -> None:
    """Update changes the message pressed on; deferred update leaves it and lets it be edited."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 4, {"content": "x", "components": _buttons("Go", "Stay")})
    first = await ann.click(shown.message, "Go", waits=False)
    told = await bot.reply(first, 7, {"content": "gone"})
    second = await ann.click(shown.message, "Stay", waits=False)
    await bot.reply(second, 6)
    edited = await bot.original(second, "PATCH", {"content": "edited"})

    assert told.body["resource"]["message"]["content"] == "gone"
    assert (first.message, second.message) == (shown.message, shown.message)
    assert edited.body["content"] == shown.message.content == "edited"


async def test_menu_sends_its_values(bot: Bot, ann: Person) -> None:
    """A choice in a menu carries its values."""
    options = [{"label": name, "value": name} for name in ("a", "b")]
    menu = [{"type": 1, "components": [{"type": 3, "custom_id": "m", "options": options}]}]
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 4, {"content": "x", "components": menu})
    chosen = await ann.click(shown.message, "m", values=["b"], waits=False)

    assert chosen.interaction.data["values"] == ["b"]
    with pytest.raises(AssertionError, match="is not in"):
        await ann.click(shown.message, "m", values=["c"])


@pytest.mark.parametrize(("kind", "data"), [(6, None), (7, {"content": "x"}), (8, {"choices": []})])
async def test_answers_have_to_fit(bot: Bot, ann: Person, kind: int, data: object) -> None:
    """A command is no press and no autocomplete."""
    shown = await ann.slash("redraw", waits=False)

    assert (await bot.reply(shown, kind, data)).refused == (400, 50035)
    assert shown.kind is None


async def test_form_does_not_follow_a_form(bot: Bot, ann: Person) -> None:
    """A submitted form is not answered with another one."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 9, FORM)
    sent = await ann.submit_modal(shown, {"Prompt": "ink"}, waits=False)

    assert (await bot.reply(sent, 9, FORM)).refused == (400, 50035)
    assert sent.interaction.data["components"][0]["component"]["value"] == "ink"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t" * 46},
        {"components": []},
        {"components": FIELDS * 6},
        {"components": [{"type": 18, "label": "l" * 46, "component": {"type": 4}}]},
        {"components": _buttons("Go")},
    ],
)
async def test_illegal_form_is_refused(bot: Bot, ann: Person, change: dict[str, Any]) -> None:
    """A form keeps to Discord's sizes."""
    shown = await ann.slash("redraw", waits=False)

    assert (await bot.reply(shown, 9, FORM | change)).refused == (400, 50035)


async def test_too_many_choices_are_refused(bot: Bot, ann: Person, discord: DiscordServer) -> None:
    """Autocomplete offers at most 25."""
    from tests.fakes.discord_interactions import Doing

    data = {"id": "1", "name": "redraw", "type": 1, "options": []}
    desk = ann._desk
    pushed = await desk.push(Doing.AUTOCOMPLETE, data, user=ann.user, channel=ann.channel)
    shown = Shown(pushed, discord.world.news)
    many = [{"name": str(n), "value": str(n)} for n in range(26)]

    assert (await bot.reply(shown, 8, {"choices": many})).refused == (400, 50035)
    assert (await bot.reply(shown, 8, {"choices": many[:25]})).status == 200
    assert len(shown.choices) == 25


async def test_file_limit_is_the_larger_one(
    bot: Bot, ann: Person, guild: Guild, discord: DiscordServer
) -> None:
    """An answer may be as large as the guild or the user may upload."""
    guild.upload_limit_bytes = 100
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 5)
    large = {"a.bin": bytes(200)}
    refused = await bot.original(shown, "PATCH", {}, files=large)
    ann.user.upload_limit_bytes = 200
    taken = await bot.original(shown, "PATCH", {}, files=large)

    assert (refused.refused, taken.status) == ((413, 40005), 200)


async def test_user_installs_follow_five_times(bot: Bot, discord: DiscordServer) -> None:
    """Where the bot is only by a user's install, five followups are all."""
    bob = discord.world.user("bob")
    group = discord.world.group_dm(bob, discord.world.user("cy"))
    person = discord.user(bob, channel=group)
    shown = await person.slash("redraw", waits=False)
    await bot.reply(shown, 4, {"content": "0"})
    said = [await bot.follow(shown, {"content": str(n)}) for n in range(6)]

    assert [one.status for one in said] == [200] * 5 + [400]
    assert said[-1].code == 40094


async def test_answer_in_a_locked_thread(
    bot: Bot, ann: Person, channel: Channel, discord: DiscordServer
) -> None:
    """A thread that was locked meanwhile takes no answer."""
    thread = discord.world.thread(channel)
    shown = await ann.slash("redraw", channel=thread, waits=False)
    await bot.reply(shown, 5)
    discord.world.archive(thread, locked=True)

    assert (await bot.original(shown, "PATCH", {"content": "x"})).refused == (400, 50083)


async def test_followup_is_edited_by_its_id(bot: Bot, call: Raw, ann: Person) -> None:
    """Followups are edited and deleted by id with the token; other messages are unknown."""
    shown = await ann.slash("redraw", waits=False)
    await bot.reply(shown, 4, {"content": "0"})
    one = await bot.follow(shown, {"content": "1"})
    path = f"{bot.hook}/{shown.token}/messages"
    edited = await call("PATCH", f"{path}/{one.body['id']}", {"content": "2"}, token=None)
    deleted = await call("DELETE", f"{path}/{one.body['id']}", token=None)

    assert (edited.body["content"], deleted.status) == ("2", 204)
    assert (await call("GET", f"{path}/7", token=None)).refused == (404, 10008)


async def test_answer_in_a_deleted_channel(
    bot: Bot, ann: Person, channel: Channel, discord: DiscordServer
) -> None:
    """A channel that is gone takes no answer."""
    shown = await ann.slash("redraw", waits=False)
    discord.world.delete_channel(channel)

    assert (await bot.reply(shown, 5)).refused == (404, 10003)
