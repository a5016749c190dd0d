"""
Calls to Slack that are wrong in one way, with the rule that says so and the place it names.

`LIMITS` are told by limits of Slack or of ours, `DOCUMENTED` by the method reference alone.
"""

from __future__ import annotations

from tests.fakes.slack_calls import Call
from tests.samples.slack_blocks import (
    CHANNEL,
    FILE,
    JOB,
    TS,
    USER,
    asks,
    context,
    field,
    image,
    modal,
    mrkdwn,
    options,
    plain,
    rich,
    section,
)
from tests.samples.slack_calls import APP, OFF, call, edited, opened, said
from tests.samples.slack_wrong_blocks import (
    BLOCK_LIMITS,
    Case,
    asking,
    completed,
    opens,
    posted,
    without,
)


def _announce(**arguments: object) -> Call:
    return call("files.getUploadURLExternal", {"length": 9, "filename": "a.png", **arguments})


def _marked(payload: object, **more: object) -> Call:
    metadata = {"event_type": "redraw_job", "event_payload": payload, **more}
    return posted(section(), metadata=metadata)


MANY_IDS = {f"key{n}": JOB for n in range(100)}

LIMITS: list[Case] = [
    *BLOCK_LIMITS,
    # Messages
    ("text missing", "text", call("chat.postMessage", without(said(section()), "text"))),
    ("text missing", "text", call("chat.update", edited(section(), text=" "))),
    ("text missing", "text", call("chat.postEphemeral", {"channel": CHANNEL, "user": USER})),
    ("text length", "text", posted(section(), text="x" * 40_001)),
    ("text length", "text", call("chat.update", edited(section(), text="x" * 4001))),
    ("blocks total", "blocks", posted(*[section()] * 51)),
    ("blocks text", "blocks", posted(*[section(mrkdwn("x" * 2601))] * 5)),
    ("metadata size", "metadata", _marked(MANY_IDS)),
    ("metadata", "metadata/event_type", _marked({"job": JOB}, event_type="")),
    ("metadata", "metadata/event_payload", _marked([JOB])),
    ("key unknown", "metadata/job", _marked({"job": JOB}, job=JOB)),
    # Views
    ("view type", "view/type", call("views.open", opened({"type": "form", "blocks": []}))),
    ("view size", "view", opens(*[section(mrkdwn("x" * 2600))] * 97)),
    ("view target", "the call", call("views.open", {"view": modal(section())})),
    ("view target", "the call", call("views.update", {"view": modal(section())})),
    ("submit missing", "view/submit",
     call("views.open", opened(without(modal(asks(field())), "submit")))),
    ("input unnamed", "view/blocks/0", opens(without(asks(field()), "block_id"))),
    ("input unnamed", "view/blocks/0", asking(without(field(), "action_id"))),
    ("entries", "view/blocks", opens(*[section()] * 101)),
    ("entries", "view/blocks", opens()),
    ("length", "view/title/text", opens(section(), title=plain("x" * 25))),
    ("length", "view/submit/text", opens(section(), submit=plain("x" * 25))),
    ("length", "view/close/text", opens(section(), close=plain("x" * 25))),
    ("length", "view/private_metadata", opens(section(), private_metadata="x" * 3001)),
    ("length", "view/callback_id", opens(section(), callback_id="x" * 256)),
    ("key unknown", "view/state", opens(section(), state={"values": {}})),
    ("key missing", "view/title",
     call("views.open", opened(without(modal(section()), "title")))),
    ("key unknown", "view/submit",
     call("views.publish", {"user_id": USER, "view": {
         "type": "home", "blocks": [section()], "submit": plain()}})),
    # Uploads
    ("alt text", "alt_txt", _announce(alt_txt="x" * 1001)),
    ("alt text", "alt_txt", _announce(alt_txt="")),
    ("alt text kind", "alt_txt", _announce(alt_txt="A fox", filename="a.webp")),
    ("alt text kind", "alt_txt", _announce(alt_txt="A fox", filename="png")),
    ("file name", "filename", _announce(filename="../a.png")),
    ("file name", "filename", _announce(filename="")),
    ("files", "files", completed(files=[{"id": FILE}] * 15)),
    ("files", "files", completed(files=[])),
    ("blocks ignored", "blocks", completed(blocks=[section()], initial_comment="Ready.")),
    ("thread", "thread_ts", call(
        "files.completeUploadExternal", {"files": [{"id": FILE}], "thread_ts": TS})),
    ("thread", "thread_ts", completed(channels=CHANNEL, thread_ts=TS)),
    ("image source", "blocks/0", completed(blocks=[image()])),
    # The house
    ("token missing", "the call", call("auth.test", token=None)),
    ("token kind", "the call", call("auth.test", token="xoxp-fake")),
    ("token kind", "the call", call("auth.test", token=APP)),
    ("token kind", "the call", call("apps.connections.open")),
    ("public file", "the call", call("files.sharedPublicURL", {"file": FILE})),
    ("unfurling", "unfurl_links", posted(section(), unfurl_links=True)),
    ("unfurling", "unfurl_media",
     call("chat.postMessage", without(said(section()), "unfurl_media"))),
    ("broadcast", "reply_broadcast", posted(section(), thread_ts=TS, reply_broadcast=True)),
    ("mention of names", "link_names", posted(section(), link_names=True)),
    ("mention of names", "parse", posted(section(), parse="full")),
    ("metadata words", "metadata/event_payload/prompt", _marked({"prompt": "a fox in snow"})),
    ("metadata words", "metadata/event_payload/job", _marked({"job": {"id": JOB}})),
    ("scope", "username", posted(section(), username="Fox")),
    ("mention of many", "text", posted(section(), text="Ready <!channel>")),
    ("mention of many", "blocks/0/text/text", posted(section(mrkdwn("<!here>")))),
    ("mention of many", "blocks/0/text/text", posted(section(mrkdwn("<!everyone|all>")))),
    ("mention of many", "blocks/0/elements/0/text",
     posted(context(mrkdwn("<!subteam^S1234|@team>")))),
    ("mention of many", "blocks/0/elements/0/elements/0",
     posted(rich({"type": "broadcast", "range": "channel"}))),
    ("mention of many", "initial_comment", completed(initial_comment="<!channel>")),
    ("mention of many", "view/blocks/0/text/text", opens(section(mrkdwn("<!channel>")))),
    ("link label", "text",
     call("chat.postMessage", {"channel": CHANNEL, "text": "<https://evil.org|Slack>", **OFF})),
    ("link label", "blocks/0/text/text",
     posted(section(mrkdwn("<https://slack.com.evil.org|https://slack.com>")))),
    ("link label", "blocks/0/elements/0/elements/0",
     posted(rich({"type": "link", "url": "https://evil.org", "text": "Slack"}))),
    # Words without a method
    ("text missing", "text", call("response_url", {"blocks": [section()]})),
    ("choice", "response_type", call("response_url", {"text": "x", "response_type": "public"})),
    ("key unknown", "channel", call("response_url", {"text": "x", "channel": CHANNEL})),
    ("mention of many", "text", call("response_url", {"text": "<!here>"})),
    ("length", "blocks/0/text/text",
     call("response_url", {"text": "x", "blocks": [section(mrkdwn("x" * 3001))]})),
    ("text missing", "text", call("ack.slash_commands", {"response_type": "ephemeral"})),
    ("key unknown", "text", call("ack.block_actions", {"text": "x"})),
    ("key missing", "response_action", call("ack.view_submission", {"errors": {}})),
    ("choice", "response_action", call("ack.view_submission", {"response_action": "close"})),
    ("receipt", "errors", call("ack.view_submission", {"response_action": "errors"})),
    ("receipt", "errors/prompt", call(
        "ack.view_submission", {"response_action": "errors", "errors": {"prompt": ""}})),
    ("receipt", "view", call("ack.view_submission", {"response_action": "update"})),
    ("submit missing", "view/submit", call("ack.view_submission", {
        "response_action": "push", "view": without(modal(asks(field())), "submit")})),
    ("entries", "options", call("ack.block_suggestion", {"options": options(101)})),
]  # fmt: skip

DOCUMENTED: list[Case] = [
    ("method unknown", "the call", call("chat.post", {"channel": CHANNEL})),
    ("method unknown", "the call", call("files.upload", {"channels": CHANNEL})),
    ("method unknown", "the call", call("../events", {})),
    ("argument missing", "channel", call("chat.postMessage", {"text": "x", **OFF})),
    ("argument missing", "ts", call("chat.delete", {"channel": CHANNEL})),
    ("argument missing", "files/0/id", completed(files=[{"title": "A fox"}])),
    ("argument unknown", "thred_ts", posted(section(), thred_ts=TS)),
    ("argument unknown", "unfurl_links",
     call("chat.update", edited(section(), unfurl_links=False))),
    ("argument unknown", "files/0/alt_txt", completed(files=[{"id": FILE, "alt_txt": "A fox"}])),
    ("argument", "length", _announce(length="0")),
    ("argument", "length", _announce(length="many")),
    ("argument", "channel", posted(section(), channel="#general")),
    ("argument", "ts", call("chat.delete", {"channel": CHANNEL, "ts": "yesterday"})),
    ("argument", "thread_ts", call("chat.postMessage", {
        "channel": CHANNEL, "text": "x", "thread_ts": 1.5, **OFF})),
    ("argument", "file", call("files.info", {"file": "None"})),
    ("argument", "user", call("chat.postEphemeral", {
        "channel": CHANNEL, "user": "@fox", "text": "x"})),
    ("argument", "parse", call("chat.postEphemeral", {
        "channel": CHANNEL, "user": USER, "text": "x", "parse": "some"})),
    ("argument", "files/0/highlight_type", completed(
        files=[{"id": FILE, "highlight_type": "x" * 11}])),
    ("argument", "view", call("views.open", {"trigger_id": "1", "view": "{}"})),
    ("scope", "the call", call("conversations.history", {"channel": CHANNEL, "limit": "15"})),
    ("scope", "the call", call("users.info", {"user": USER})),
    ("scope", "the call", call(
        "reactions.add", {"channel": CHANNEL, "timestamp": TS, "name": "eyes"})),
    ("scope", "the call", call("conversations.open", {"users": USER})),
]  # fmt: skip
