"""What the bot answers to interactions: the callback, `@original` and followups, by their token."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.discord_asked import Answer, Asked, Handler
from tests.fakes.discord_components import check_modal
from tests.fakes.discord_composing import Composer
from tests.fakes.discord_interactions import Doing, Interaction, Reply
from tests.fakes.discord_refusals import Form, refusal
from tests.fakes.discord_values import Flag, Json, Message
from tests.fakes.discord_wire import Wire
from tests.fakes.discord_world import World

DEFAULT_LIMIT_BYTES = 10 * 2**20
"""Source: Discord, reference (Uploading Files)."""

FOLLOWUPS_OF_USER_INSTALLS = 5
"""Source: Discord, interactions/receiving-and-responding."""

ALLOWED: Mapping[Doing, tuple[Reply, ...]] = {
    Doing.COMMAND: (Reply.MESSAGE, Reply.DEFERRED, Reply.MODAL),
    Doing.AUTOCOMPLETE: (Reply.AUTOCOMPLETE,),
    Doing.COMPONENT: (
        Reply.MESSAGE,
        Reply.DEFERRED,
        Reply.DEFERRED_UPDATE,
        Reply.UPDATE,
        Reply.MODAL,
    ),
    Doing.MODAL: (Reply.MESSAGE, Reply.DEFERRED, Reply.DEFERRED_UPDATE, Reply.UPDATE),
}
"""Which answers an interaction may have. Source: Discord, receiving-and-responding."""

ON_SOURCE = (Reply.DEFERRED_UPDATE, Reply.UPDATE)
"""Answers whose `@original` is the message that the control or the form belongs to."""


class Webhooks:
    """Answers `/interactions/…/callback` and `/webhooks/{application}/{token}…`."""

    def __init__(self, world: World, wire: Wire, composer: Composer) -> None:
        self._world = world
        self._wire = wire
        self._composer = composer

    def handlers(self) -> Mapping[str, Handler]:
        """Return what is answered here."""
        hook = "/webhooks/{application}/{token}"
        routes: dict[str, Handler] = {
            "POST /interactions/{interaction}/{token}/callback": self._callback,
            f"POST {hook}": self._follow_up,
        }
        for name in ("@original", "{message}"):
            routes[f"GET {hook}/messages/{name}"] = self._get
            routes[f"PATCH {hook}/messages/{name}"] = self._edit
            routes[f"DELETE {hook}/messages/{name}"] = self._delete
        return routes

    def _callback(self, asked: Asked) -> Answer:
        interaction = self._world.interactions.get(asked.id("interaction"))
        if interaction is None or interaction.token != asked.ids["token"]:
            raise refusal(10062)
        if interaction.reply is not None:
            raise refusal(40060)
        if interaction.is_late(self._world.clock.now()):
            raise refusal(10062)
        reply = _reply(interaction, asked.body)
        self._take(interaction, reply, asked)
        interaction.reply = reply
        interaction.acked_s = asked.read_s - interaction.pushed_s
        self._world.news.spread()
        if asked.query.get("with_response") not in ("1", "true", "True"):
            return Answer(status=204)
        return Answer(body=self._told(interaction, reply))

    def _take(self, interaction: Interaction, reply: Reply, asked: Asked) -> None:
        data: Json = asked.body.get("data") or {}
        if reply in (Reply.MESSAGE, Reply.DEFERRED):
            interaction.original = self._open(interaction, reply, data, asked)
        elif reply is Reply.UPDATE:
            self._write(self._source(interaction), interaction, data, asked)
        elif reply is Reply.MODAL:
            form = Form()
            check_modal(form, data)
            form.check()
            interaction.modal = data
        elif reply is Reply.AUTOCOMPLETE:
            interaction.choices = _choices(data)

    def _open(self, interaction: Interaction, reply: Reply, data: Json, asked: Asked) -> Message:
        message = self._new(interaction, data)
        interaction.ephemeral = message.ephemeral
        if reply is Reply.DEFERRED:
            message.flags |= Flag.LOADING
        else:
            self._write(message, interaction, data, asked)
        return self._world.add(message)

    def _new(self, interaction: Interaction, data: Json) -> Message:
        _check_place(interaction)
        message = Message(
            id=self._world.snowflake(),
            channel=interaction.channel,
            author=self._world.bot,
            created_at=self._world.clock.now(),
            interaction_id=interaction.id,
            reference=interaction.source,
        )
        message.type = _type_of(interaction)
        message.flags = Flag(data.get("flags") or 0) & Flag.EPHEMERAL
        message.seen_by = interaction.user if message.ephemeral else None
        return message

    def _write(self, message: Message, interaction: Interaction, data: Json, asked: Asked) -> None:
        _check_place(interaction)
        limit_bytes = limit_of(interaction)
        self._composer.write(message, data, asked.files, limit_bytes=limit_bytes)
        message.flags &= ~Flag.LOADING

    def _told(self, interaction: Interaction, reply: Reply) -> Json:
        message = interaction.source if reply in ON_SOURCE else interaction.original
        told: Json = {"id": str(interaction.id), "type": int(interaction.doing)}
        if message is not None:
            told |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": message.ephemeral,
                "channel_id": str(message.channel.id),
            }
        if message is None or reply is Reply.DEFERRED_UPDATE:
            return {"interaction": told}
        resource = {"type": int(reply), "message": self._wire.message(message)}
        return {"interaction": told, "resource": resource}

    def _follow_up(self, asked: Asked) -> Answer:
        interaction = self._by_token(asked)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            self._write(original, interaction, asked.body, asked)
            self._world.news.spread()
            return Answer(body=self._wire.message(original))
        if interaction.of_user_install and len(interaction.followups) >= FOLLOWUPS_OF_USER_INSTALLS:
            raise refusal(40094)
        message = self._new(interaction, asked.body)
        message.reference = original or interaction.source
        self._write(message, interaction, asked.body, asked)
        interaction.followups.append(message)
        self._world.add(message)
        return Answer(body=self._wire.message(message))

    def _get(self, asked: Asked) -> Answer:
        return Answer(body=self._wire.message(self._message(self._by_token(asked), asked)))

    def _edit(self, asked: Asked) -> Answer:
        interaction = self._by_token(asked)
        message = self._message(interaction, asked)
        filled = not message.loading
        self._write(message, interaction, asked.body, asked)
        if filled:
            message.edits += 1
            message.edited_at = self._world.clock.now()
        self._world.news.spread()
        return Answer(body=self._wire.message(message))

    def _delete(self, asked: Asked) -> Answer:
        self._world.delete_message(self._message(self._by_token(asked), asked))
        return Answer(status=204)

    def _by_token(self, asked: Asked) -> Interaction:
        token = asked.ids["token"]
        found = next((i for i in self._world.interactions.values() if i.token == token), None)
        if asked.id("application") != self._world.bot.id:
            raise refusal(10015)
        if found is None or found.is_expired(self._world.clock.now()):
            raise refusal(50027)
        if found.reply is None:
            raise refusal(10015)
        return found

    def _message(self, interaction: Interaction, asked: Asked) -> Message:
        if "message" not in asked.ids:
            on_source = interaction.reply in ON_SOURCE
            found = interaction.source if on_source else interaction.original
        else:
            own = [interaction.original, interaction.source, *interaction.followups]
            found = next((m for m in own if m and m.id == asked.id("message")), None)
        if found is None or found.deleted:
            raise refusal(10008)
        return found

    def _source(self, interaction: Interaction) -> Message:
        if interaction.source is None or interaction.source.deleted:
            raise refusal(10008)
        return interaction.source


def limit_of(interaction: Interaction) -> int:
    """Return how large a file of an answer may be, in bytes."""
    guild = interaction.channel.guild
    place = guild.upload_limit_bytes if guild else DEFAULT_LIMIT_BYTES
    return max(place, interaction.user.upload_limit_bytes)


def _check_place(interaction: Interaction) -> None:
    """Refuse where the channel is gone or locked. Source: discord-api-docs issue 6884."""
    if interaction.channel.deleted:
        raise refusal(10003)
    if interaction.channel.locked:
        raise refusal(50083)


def _type_of(interaction: Interaction) -> int:
    """Return the type of an answer: of a slash command, of a menu's, or a reply."""
    if interaction.source is not None:
        return 19
    return 23 if interaction.data.get("type") == 3 else 20


def _reply(interaction: Interaction, body: Json) -> Reply:
    form = Form()
    allowed = ALLOWED[interaction.doing]
    kind = body.get("type")
    no_source = kind in ON_SOURCE and interaction.source is None
    if kind not in allowed or no_source:
        form.wrong("type", "BASE_TYPE_CHOICES", "This answer does not fit the interaction.")
    form.check()
    return Reply(int(kind or 0))


def _choices(data: Json) -> list[Json]:
    form = Form()
    choices: list[Json] = data.get("choices") or []
    form.length("data.choices", choices, 0, 25)
    for index, choice in enumerate(choices):
        for key in ("name", "value"):
            form.length(f"data.choices.{index}.{key}", choice.get(key), 1, 100)
    form.check()
    return choices
