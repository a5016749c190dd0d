"""What discord.py itself writes for views, forms, files and commands is judged to be legal."""

from __future__ import annotations

import io
from typing import Any

import discord
import orjson
import pytest
from discord import app_commands, ui
from discord.http import handle_message_parameters
from discord.webhook.async_ import interaction_message_response_params

from tests.fakes import discord_legality as legality
from tests.fakes.discord_calls import FilePart
from tests.samples.discord_calls import CALLBACK, COMMANDS, EDIT, FOLLOWUP, ORIGINAL, SEND, call

needs_document = pytest.mark.skipif(not legality.is_at_hand(), reason=legality.MISSING)
pytestmark = needs_document

NO_MENTIONS = discord.AllowedMentions.none()
REQUESTER = discord.AllowedMentions(
    everyone=False, roles=False, users=[discord.Object(63)], replied_user=False
)


class Form(ui.Modal, title="Redraw"):
    """A form with every kind of field that the bot may ask for."""

    prompt: ui.Label[Any] = ui.Label(
        text="What to draw",
        description="In your words",
        component=ui.TextInput(style=discord.TextStyle.paragraph, max_length=4000, required=True),
    )
    look: ui.Label[Any] = ui.Label(
        text="Look",
        component=ui.Select(options=[discord.SelectOption(label="Oil", description="Thick")]),
    )
    pictures: ui.Label[Any] = ui.Label(
        text="Pictures", component=ui.FileUpload(min_values=1, max_values=10)
    )
    size: ui.Label[Any] = ui.Label(
        text="Size",
        component=ui.RadioGroup(
            options=[
                discord.RadioGroupOption(label="Wide", value="w"),
                discord.RadioGroupOption(label="Tall", value="t"),
            ]
        ),
    )
    private: ui.Label[Any] = ui.Label(text="Keep it to yourself", component=ui.Checkbox())


def _file(name: str = "after.webp") -> discord.File:
    return discord.File(io.BytesIO(b"picture"), filename=name, description="A fox in the snow")


def _result() -> ui.LayoutView:
    """Return a card with everything that a result may show."""
    view = ui.LayoutView(timeout=None)
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow(
        ui.Button(label="Again", custom_id="again", style=discord.ButtonStyle.primary),
        ui.Button(label="Help", url="https://example.org"),
    )
    view.add_item(
        ui.Container(
            ui.TextDisplay("Ready."),
            ui.Section("4 s", accessory=ui.Thumbnail("attachment://after.webp")),
            ui.MediaGallery(discord.MediaGalleryItem("attachment://after.webp", description="A")),
            ui.Separator(),
            ui.File("attachment://full.png"),
            row,
            accent_colour=0x5865F2,
        )
    )
    return view


def _taken(params: Any) -> dict[str, Any]:
    """Return body and files of what the library is about to send, as the fake would record it."""
    parts = params.multipart or []
    payload = next((part["value"] for part in parts if part["name"] == "payload_json"), None)
    files = tuple(
        FilePart(
            name=part["name"],
            filename=part["filename"],
            content_type=part["content_type"],
            data=b"picture",
        )
        for part in parts
        if part["name"] != "payload_json"
    )
    return {"body": orjson.loads(payload) if payload else params.payload, "files": files}


async def test_result() -> None:
    """A result of components with two files, a nonce, a reply and the requester's ping."""
    params = handle_message_parameters(
        view=_result(),
        files=[_file(), _file("full.png")],
        flags=discord.MessageFlags(),
        nonce="job-1-result",
        allowed_mentions=REQUESTER,
        message_reference=discord.MessageReference(
            message_id=52, channel_id=41, fail_if_not_exists=False
        ).to_dict(),
    )

    assert legality.problems(call(SEND, **_taken(params))) == []


@pytest.mark.parametrize("route", [EDIT, f"PATCH {ORIGINAL}"])
async def test_edit_with_files(route: str) -> None:
    """An edit to components with new files, on either way to the message."""
    params = handle_message_parameters(
        content=None,
        embeds=[],
        view=_result(),
        attachments=[_file(), _file("full.png")],
        previous_allowed_mentions=NO_MENTIONS,
    )

    assert legality.problems(call(route, **_taken(params))) == []


@pytest.mark.parametrize("callback", [4, 7])
async def test_response(callback: int) -> None:
    """A message, and an update, as an interaction's callback."""
    params = interaction_message_response_params(
        type=callback,
        view=_result(),
        files=[_file(), _file("full.png")] if callback == 4 else discord.utils.MISSING,
        attachments=[_file(), _file("full.png")] if callback == 7 else discord.utils.MISSING,
        flags=discord.MessageFlags(components_v2=True),
        allowed_mentions=NO_MENTIONS,
    )
    entry = call(CALLBACK, query={"with_response": "1"}, **_taken(params))

    assert legality.problems(entry) == []


async def test_followup() -> None:
    """An ephemeral followup with a file."""
    params = handle_message_parameters(
        content="Only for you.",
        file=_file(),
        flags=discord.MessageFlags(ephemeral=True),
        allowed_mentions=NO_MENTIONS,
    )
    entry = call(FOLLOWUP, query={"wait": "1", "with_components": "0"}, **_taken(params))

    assert legality.problems(entry) == []


async def test_careless_message() -> None:
    """What the library sends when nobody thinks of mentions is found out."""
    params = handle_message_parameters(content="Ready.")
    (found,) = legality.problems(call(SEND, **_taken(params)))

    assert found.startswith("mentions missing: ")


async def test_form() -> None:
    """A form with a text, a menu, an upload, a choice and a tick."""
    assert legality.problems(call(CALLBACK, {"type": 9, "data": Form().to_dict()})) == []


async def test_commands() -> None:
    """A command with options of many kinds and a menu, as a tree writes them to be set."""
    client = discord.Client(intents=discord.Intents.none())
    tree = app_commands.CommandTree(client)

    @tree.command(name="redraw", description="Redraw a picture")
    @app_commands.describe(picture="The reference image", strength="How much may change")
    @app_commands.choices(look=[app_commands.Choice(name="Oil", value="oil")])
    async def redraw(
        interaction: discord.Interaction,
        picture: discord.Attachment,
        look: str | None = None,
        strength: app_commands.Range[float, 0.0, 1.0] = 0.5,
    ) -> None: ...

    @tree.context_menu(name="Redraw this")
    async def redraw_this(interaction: discord.Interaction, message: discord.Message) -> None: ...

    commands = tree.get_commands(type=discord.AppCommandType.chat_input)
    menus = tree.get_commands(type=discord.AppCommandType.message)
    payload = [each.to_dict(tree) for each in (*commands, *menus)]

    assert len(payload) == 2
    assert legality.problems(call(COMMANDS, payload)) == []
