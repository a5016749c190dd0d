"""
A small bot on the real slack-bolt: what the fake Slack is proved with, in both modes.

Its command and its shortcuts open a modal with a picture; the sent modal is answered with a card
and a picture in its thread; a mention is answered in its thread; buttons with private words.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_values import Json

SIZES = {"flux": "1024", "sdxl": "512"}


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def option(words: str) -> Json:
    return {"text": text(words), "value": words}


def modal(model: str, metadata: str) -> Json:
    """Return a form with a field of each kind that the product uses."""
    select = {
        "type": "static_select",
        "action_id": "model",
        "options": [option(each) for each in SIZES],
        "initial_option": option(model),
    }
    files = {"type": "file_input", "action_id": "files", "max_files": 2, "filetypes": ["png"]}
    return {
        "type": "modal",
        "callback_id": "redraw",
        "title": text("Redraw"),
        "submit": text("Redraw"),
        "close": text("Cancel"),
        "private_metadata": metadata,
        "notify_on_close": True,
        "blocks": [
            field("prompt", "Prompt", {"type": "plain_text_input", "action_id": "prompt"}),
            {**field("model", "Model", select), "dispatch_action": True},
            field("files", "Picture", files),
            {
                "type": "section",
                "block_id": "size",
                "text": {"type": "mrkdwn", "text": f"size {SIZES[model]}"},
            },
        ],
    }


def field(block_id: str, label: str, element: Json) -> Json:
    return {"type": "input", "block_id": block_id, "label": text(label), "element": element}


def card(words: str) -> list[Json]:
    """Return a message's blocks: words and two buttons."""
    buttons = [
        {"type": "button", "action_id": f"do:{each}", "text": text(each.title()), "value": each}
        for each in ("again", "delete")
    ]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": words}}
    return [section, {"type": "actions", "block_id": "do", "elements": buttons}]


class SmallBot:
    """The listeners; `closed` are the modals that were closed."""

    def __init__(self, slack: SlackServer) -> None:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        self.app = AsyncApp(
            client=client,
            signing_secret=slack.signing_secret,
            request_verification_enabled=True,
        )
        self.closed: list[str] = []
        self._token = slack.bot_token
        self.app.command("/redraw")(self._command)
        self.app.shortcut("redraw_image")(self._shortcut)
        self.app.shortcut("redraw")(self._shortcut)
        self.app.action("model")(self._model)
        self.app.view("redraw")(self._sent)
        self.app.view_closed("redraw")(self._view_closed)
        self.app.event("app_mention")(self._mentioned)
        self.app.action("do:again")(self._again)
        self.app.action("do:delete")(self._delete)

    async def _command(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        if body["text"] == "never":
            return
        if body["text"]:
            await ack({"text": f"you said {body['text']}"})
            return
        await ack()
        view = modal("flux", json.dumps({"channel": body["channel_id"]}))
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def _shortcut(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        message = body.get("message", {})
        place = {"channel": body.get("channel", {}).get("id"), "thread": message.get("ts")}
        view = modal("flux", json.dumps(place))
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def _model(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        view = modal(chosen, body["view"]["private_metadata"])
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    async def _sent(self, ack: Any, view: Json, client: AsyncWebClient) -> None:
        values = view["state"]["values"]
        prompt = values["prompt"]["prompt"]["value"]
        if prompt == "bad":
            await ack(response_action="errors", errors={"prompt": "Say it better."})
            return
        if prompt == "more":
            ask = {**modal("sdxl", ""), "title": text("More")}
            await ack(response_action="push", view=ask)
            return
        await ack()
        place = json.loads(view["private_metadata"])
        picture = await self._read(values["files"]["files"]["files"][0]["url_private_download"])
        posted = await client.chat_postMessage(
            channel=place["channel"],
            text=prompt,
            blocks=card(prompt),
            thread_ts=place.get("thread"),
            metadata={"event_type": "job", "event_payload": {"id": "j1"}},
            unfurl_links=False,
            unfurl_media=False,
        )
        await client.files_upload_v2(
            channel=place["channel"],
            thread_ts=place.get("thread") or posted["ts"],
            file=picture,
            filename="redrawn.png",
            alt_txt="redrawn",
        )

    async def _read(self, url: str) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            assert answer.content_type == "image/png"
            return await answer.read()

    async def _view_closed(self, ack: Any, view: Json) -> None:
        await ack()
        self.closed.append(view["id"])

    async def _mentioned(self, event: Json, client: AsyncWebClient) -> None:
        names = ", ".join(each["name"] for each in event.get("files", []))
        root = event.get("thread_ts") or event["ts"]
        await client.chat_postMessage(
            channel=event["channel"],
            thread_ts=root,
            text=f"seen {names or 'nothing'}",
            unfurl_links=False,
            unfurl_media=False,
        )

    async def _again(self, ack: Any, body: Json, respond: Any) -> None:
        await ack()
        await respond(text=f"again, {body['user']['name']}", replace_original=False)

    async def _delete(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        place = body["container"]
        await client.chat_delete(channel=place["channel_id"], ts=place["message_ts"])


@asynccontextmanager
async def in_socket_mode(slack: SlackServer, *, sockets: int = 1) -> AsyncIterator[SmallBot]:
    """Run the bot over so many WebSockets."""
    bot = SmallBot(slack)
    handlers = []
    for _ in range(sockets):
        handler = AsyncSocketModeHandler(bot.app, slack.app_token, ping_interval=1)
        handlers.append(handler)
        await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.socket.until_connected(sockets)
    try:
        yield bot
    finally:
        for handler in handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(slack: SlackServer) -> AsyncIterator[SmallBot]:
    """Run the bot behind an address, and tell Slack which."""
    bot = SmallBot(slack)

    async def handle(request: web.Request) -> web.Response:
        answer = await bot.app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    app = web.Application()
    app.router.add_post("/slack/events", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.http.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield bot
    finally:
        slack.http.url = None
        await runner.cleanup()
