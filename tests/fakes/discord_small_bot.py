"""
A small bot on the real discord.py: what the fake Discord is proved with.

It has a slash command with a picture, autocomplete, a menu command that opens a form, and answers
presses by their custom id. As a process of its own, which a test may kill:

    python -m tests.fakes.discord_small_bot API_URL GATEWAY_URL CDN_URL TOKEN
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator
from typing import Any

import discord
import yarl
from discord import app_commands

from tests.fakes.discord_server import DiscordServer


class Questions(discord.ui.Modal):
    """A form with a field of each kind that the product uses."""

    def __init__(self) -> None:
        super().__init__(title="Redraw", custom_id="questions")
        self.prompt = discord.ui.TextInput[Any](custom_id="prompt", default="a woodcut")
        self.model = discord.ui.Select[Any](
            custom_id="model",
            options=[discord.SelectOption(label=name, value=name) for name in ("flux", "sdxl")],
        )
        self.files = discord.ui.FileUpload[Any](custom_id="files", required=False, max_values=4)
        for text, component in (
            ("Prompt", self.prompt),
            ("Model", self.model),
            ("More pictures", self.files),
        ):
            self.add_item(discord.ui.Label(text=text, component=component))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Say what was filled in, privately."""
        names = [upload.filename for upload in self.files.values]
        said = f"{self.prompt.value}|{self.model.values}|{names}"
        await interaction.response.send_message(said, ephemeral=True)


def card(words: str, *, picture: str | None = None) -> discord.ui.LayoutView:
    """Return a message of components: words, a picture, two buttons and a menu."""
    view = discord.ui.LayoutView(timeout=None)
    box = discord.ui.Container[Any](discord.ui.TextDisplay(words))
    if picture is not None:
        box.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{picture}")))
    buttons = discord.ui.ActionRow[Any]()
    for label in ("Cancel", "Again"):
        buttons.add_item(discord.ui.Button(label=label, custom_id=f"do:{label.lower()}"))
    view.add_item(box).add_item(buttons)
    return view


class SmallBot(discord.Client):
    """The bot; `heard` are the interactions that came, in order."""

    def __init__(self) -> None:
        mentions = discord.AllowedMentions.none()
        super().__init__(
            intents=discord.Intents.none(), max_messages=None, allowed_mentions=mentions
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Interaction[Any]] = []
        self.tree.add_command(_redraw)
        self.tree.add_command(_from_menu)

    async def setup_hook(self) -> None:
        """Register the commands."""
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing: discord.py waits 5 s before it identifies again."""

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer presses: each in its own way."""
        self.heard.append(interaction)
        data: Any = interaction.data
        pressed = data.get("custom_id")
        if pressed == "do:cancel":
            await interaction.response.edit_message(view=card("cancelled"))
        elif pressed == "do:again":
            await interaction.response.defer()
            await interaction.followup.send("again", ephemeral=True)


@app_commands.command(name="redraw", description="Redraws a picture.")
@app_commands.describe(image="the picture", prompt="what it becomes", model="who draws")
async def _redraw(
    interaction: discord.Interaction[Any],
    image: discord.Attachment,
    prompt: app_commands.Range[str, 1, 4000],
    model: str = "flux",
) -> None:
    await interaction.response.defer(thinking=True)
    file = discord.File(
        fp=io.BytesIO(await image.read()), filename="before.png", description="before"
    )
    view = card(f"{prompt} by {model}", picture="before.png")
    await interaction.edit_original_response(view=view, attachments=[file])


@_redraw.autocomplete("model")
async def _models(
    interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[str]]:
    names = [name for name in ("flux", "sdxl") if typed in name]
    return [app_commands.Choice(name=name, value=name) for name in names]


@app_commands.context_menu(name="Redraw this image")
async def _from_menu(interaction: discord.Interaction[Any], message: discord.Message) -> None:
    await interaction.response.send_modal(Questions())


def point_at(server: DiscordServer) -> None:
    """Let discord.py in this process talk to `server`."""
    _point_at(server.api_url, server.gateway_url, server.cdn_url)


def _point_at(api_url: str, gateway_url: str, cdn_url: str) -> None:
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    discord.Asset.BASE = cdn_url


@contextlib.asynccontextmanager
async def running(server: DiscordServer) -> AsyncIterator[SmallBot]:
    """Run a bot against `server` in this loop until the end of the block."""
    point_at(server)
    bot = SmallBot()
    async with asyncio.TaskGroup() as tasks:
        started = tasks.create_task(bot.start(server.token))
        await server.gateway.until_connected()
        try:
            yield bot
        finally:
            await bot.close()
            started.cancel()


async def _run(api_url: str, gateway_url: str, cdn_url: str, token: str) -> None:
    _point_at(api_url, gateway_url, cdn_url)
    async with SmallBot() as bot:
        await bot.start(token)


if __name__ == "__main__":
    asyncio.run(_run(*sys.argv[1:]))
