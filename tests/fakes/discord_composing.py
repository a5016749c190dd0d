"""Writing a message: the rules for its body and files, whoever posts or edits it by which route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.fakes.discord_calls import FilePart
from tests.fakes.discord_components import check_message, numbered, uploads_named
from tests.fakes.discord_mentions import check_allowed, pings_of
from tests.fakes.discord_refusals import Form, refusal
from tests.fakes.discord_values import Attachment, Flag, Json, Message, Permission, User
from tests.fakes.discord_world import World

T = TypeVar("T")

SETTABLE = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.IS_COMPONENTS_V2
"""The flags that a body may set; the ephemeral one only at the first answer."""

LEGACY = ("content", "embeds", "poll", "sticker_ids", "stickers")
"""What a message of components alone may not have."""

MOST_FILES = 10
"""Source: Discord's OpenAPI, `attachments` maxItems."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a message is going to be, checked."""

    content: str
    embeds: list[Json]
    components: list[Json]
    flags: Flag
    uploads: list[Attachment]


class Composer:
    """Puts bodies into messages; the message is untouched when the body is refused."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(
        self, message: Message, body: Json, files: Sequence[FilePart], *, limit_bytes: int
    ) -> None:
        """Put `body` and `files` (each at most `limit_bytes`) into `message`, or refuse."""
        if any(len(file.data) > limit_bytes for file in files):
            raise refusal(40005)
        new = self._checked(message, body, files)
        message.content, message.embeds = new.content, new.embeds
        message.components, message.flags = new.components, new.flags
        message.attachments = new.uploads
        for upload in new.uploads:
            self._world.attachments[upload.id] = upload
        self._ping(message, body)

    def _checked(self, message: Message, body: Json, files: Sequence[FilePart]) -> Body:
        form = Form()
        flags = message.flags | (Flag(body.get("flags") or 0) & SETTABLE)
        uploads = self._uploads(form, message, body, files)
        new = Body(
            content=_now(body, "content", message.content) or "",
            embeds=_now(body, "embeds", message.embeds) or [],
            components=_now(body, "components", message.components) or [],
            flags=flags,
            uploads=uploads,
        )
        _check(form, new, body)
        form.check()
        if not (new.content or new.embeds or new.components or new.uploads):
            raise refusal(50006)
        return _with_numbers(new)

    def _uploads(
        self, form: Form, message: Message, body: Json, files: Sequence[FilePart]
    ) -> list[Attachment]:
        listed: list[Json] | None = body.get("attachments")
        kept = {str(one.id): one for one in message.attachments}
        sent = {file.name.removeprefix("files[").removesuffix("]"): file for file in files}
        if listed is None:
            new = [self._upload(message, file, {}) for file in sent.values()]
            return [*kept.values(), *new]
        uploads = []
        for index, entry in enumerate(listed):
            key = str(entry.get("id"))
            form.length(f"attachments.{index}.description", entry.get("description"), 0, 1024)
            if key in kept:
                uploads.append(kept[key])
            elif key in sent:
                uploads.append(self._upload(message, sent.pop(key), entry))
            else:
                text = "This attachment is neither on the message nor in the request."
                form.wrong(f"attachments.{index}.id", "ATTACHMENT_NOT_FOUND", text)
        return uploads + [self._upload(message, file, {}) for file in sent.values()]

    def _upload(self, message: Message, file: FilePart, entry: Json) -> Attachment:
        name = str(entry.get("filename") or file.filename).replace(" ", "_")
        upload = self._world.attach(
            message.channel.id, name, file.data, ephemeral=message.ephemeral
        )
        upload.description = entry.get("description")
        return upload

    def _ping(self, message: Message, body: Json) -> None:
        may = Permission.MENTION_EVERYONE in self._world.bot_permissions(message.channel)
        found = pings_of(
            message.text,
            body.get("allowed_mentions"),
            users=self._world.users,
            replied=self._replied(message),
            may_everyone=may,
        )
        message.pings |= found.users
        message.pinged_roles |= found.roles
        message.pinged_everyone |= found.everyone

    def _replied(self, message: Message) -> User | None:
        answered = message.reference
        return answered.author if answered and answered.author is not message.author else None


def _now(body: Json, key: str, before: T) -> T:
    value: T = body.get(key, before)
    return value


def _check(form: Form, new: Body, body: Json) -> None:
    new_style = Flag.IS_COMPONENTS_V2 in new.flags
    form.length("content", new.content, 0, 2000)
    form.length("embeds", new.embeds, 0, 10)
    form.length("nonce", body.get("nonce"), 0, 25)
    check_allowed(form, body.get("allowed_mentions"))
    check_message(form, new.components, new_style=new_style)
    form.length("attachments", new.uploads, 0, MOST_FILES)
    if new_style and not new.components:
        form.wrong("components", "BASE_TYPE_REQUIRED", "This field is required")
    legacy = [key for key in LEGACY if body.get(key)]
    if new_style and (new.content or new.embeds):
        legacy = legacy or ["content" if new.content else "embeds"]
    for key in legacy if new_style else []:
        text = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        form.wrong(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    _check_names(form, new)


def _check_names(form: Form, new: Body) -> None:
    there = {upload.filename for upload in new.uploads}
    for name in uploads_named(new.components, new.embeds):
        if name not in there:
            text = f"There is no upload of the name {name}."
            form.wrong("components", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", text)


def _with_numbers(new: Body) -> Body:
    return Body(
        content=new.content,
        embeds=new.embeds,
        components=numbered(new.components),
        flags=new.flags,
        uploads=new.uploads,
    )
