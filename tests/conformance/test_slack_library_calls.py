"""What slack_sdk itself sends for messages, forms and files is judged to be legal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    ImageBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import SlackFile
from slack_sdk.models.blocks.block_elements import FileInputElement, NumberInputElement
from slack_sdk.models.metadata import Metadata
from slack_sdk.models.views import View

from tests.fakes import slack_legality as legality
from tests.fakes import slack_recorder
from tests.fakes.slack_recorder import Recorder
from tests.samples.slack_blocks import CHANNEL, FILE, TS, USER
from tests.samples.slack_calls import APP, BOT

pytestmark = pytest.mark.skipif(not legality.is_at_hand(), reason=legality.MISSING)

OPTIONS = [Option(value="flux", label="Flux"), Option(value="kontext", label="Kontext")]


@pytest_asyncio.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with slack_recorder.recorder(BOT) as found:
        yield found


def _problems(recorder: Recorder) -> list[str]:
    return [line for call in recorder.calls for line in legality.problems(call)]


def _methods(recorder: Recorder) -> list[str]:
    return [call.method for call in recorder.calls]


def _card() -> list[Any]:
    """Return a card with everything that a job may show."""
    again = ConfirmObject(title="Again?", text="It may be charged.", confirm="Run", deny="No")
    return [
        HeaderBlock(text="Redrawing"),
        SectionBlock(text="A fox", fields=["*Model*\nFlux", MarkdownTextObject(text="*Size*")]),
        ImageBlock(alt_text="A fox", slack_file=SlackFile(id=FILE), title="Before"),
        DividerBlock(),
        ContextBlock(elements=[MarkdownTextObject(text="12 s"), PlainTextObject(text="of 30 s")]),
        ActionsBlock(
            elements=[
                ButtonElement(text="Cancel", action_id="cancel", value="1", style="danger"),
                ButtonElement(text="Again", action_id="again", value="1", confirm=again),
                ButtonElement(text="Help", action_id="help", url="https://example.org/help"),
                OverflowMenuElement(action_id="more", options=OPTIONS),
            ]
        ),
    ]


def _form() -> View:
    """Return a form with every kind of field that the bot may ask for."""
    pictures = FileInputElement(action_id="pictures", filetypes=["png", "jpg"], max_files=4)
    prompt = PlainTextInputElement(action_id="prompt", multiline=True, max_length=2000)
    model = StaticSelectElement(action_id="model", options=OPTIONS, initial_option=OPTIONS[0])
    strength = NumberInputElement(action_id="strength", is_decimal_allowed=True, min_value="0")
    fields = {"pictures": pictures, "prompt": prompt, "model": model, "strength": strength}
    return View(
        type="modal",
        callback_id="redraw",
        title="Redraw",
        submit="Redraw",
        close="Cancel",
        private_metadata="01JD",
        blocks=[InputBlock(block_id=key, label=key, element=each) for key, each in fields.items()],
    )


async def test_messages(recorder: Recorder) -> None:
    """Posting, editing, answering in private, linking and deleting."""
    client = recorder.client
    metadata = Metadata(event_type="redraw_job", event_payload={"job": "c:01JD"})
    await client.chat_postMessage(
        channel=CHANNEL,
        text="Redrawing",
        blocks=_card(),
        metadata=metadata,
        unfurl_links=False,
        unfurl_media=False,
        thread_ts=TS,
    )
    await client.chat_update(
        channel=CHANNEL, ts=TS, text="Ready", blocks=_card(), file_ids=[FILE, FILE]
    )
    await client.chat_postEphemeral(channel=CHANNEL, user=USER, text="No", blocks=_card())
    await client.chat_getPermalink(channel=CHANNEL, message_ts=TS)
    await client.chat_delete(channel=CHANNEL, ts=TS)

    assert _problems(recorder) == []
    assert len(recorder.calls) == 5


async def test_careless_message(recorder: Recorder) -> None:
    """What the library sends when nobody thinks of unfurling is found out."""
    await recorder.client.chat_postMessage(channel=CHANNEL, text="Ready")

    assert [line.split(":")[0] for line in _problems(recorder)] == ["unfurling", "unfurling"]


async def test_forms(recorder: Recorder) -> None:
    """Opening, reshaping and stacking a form; a home."""
    client = recorder.client
    await client.views_open(trigger_id="1.2.a", view=_form())
    await client.views_update(view_id="V1", hash="1.a", view=_form())
    await client.views_push(trigger_id="1.2.a", view=_form())
    home = View(type="home", blocks=_card())
    await client.views_publish(user_id=USER, view=home)

    assert _problems(recorder) == []
    assert len(recorder.calls) == 4


async def test_files(recorder: Recorder) -> None:
    """Sending pictures into a thread in the library's own way, looking at one, deleting it."""
    client = recorder.client
    pictures = [
        {"filename": "after.png", "content": b"picture", "title": "A fox", "alt_txt": "A fox"},
        {"filename": "after.webp", "content": b"pictures", "title": "A fox"},
    ]
    await client.files_upload_v2(
        file_uploads=pictures, channel=CHANNEL, thread_ts=TS, initial_comment="Ready."
    )
    await client.files_info(file=FILE)
    await client.files_delete(file=FILE)

    assert _problems(recorder) == []
    assert recorder.uploaded == [b"picture", b"pictures"]
    announced = "files.getUploadURLExternal"
    completed = "files.completeUploadExternal"
    assert _methods(recorder) == [announced, announced, completed, "files.info", "files.delete"]


async def test_connection(recorder: Recorder) -> None:
    """Asking who we are with the bot's token, and for a socket with the app's."""
    await recorder.client.auth_test()
    await recorder.client.apps_connections_open(app_token=APP)
    await recorder.client.assistant_threads_setStatus(
        channel_id=CHANNEL, thread_ts=TS, status="is drawing", loading_messages=["a", "b"]
    )

    assert _problems(recorder) == []
    assert [call.token for call in recorder.calls] == [BOT, APP, BOT]
