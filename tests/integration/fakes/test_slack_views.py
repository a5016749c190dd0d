"""Modals on the fake Slack: triggers, stacks, states, and answers to sent forms."""

from __future__ import annotations

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_raw import Api, Line
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Shown, Unanswered
from tests.fakes.slack_small_bot import field, modal
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Json, View


async def _opened(api: Api, line: Line, eve: Person, data: Json | None = None) -> Shown:
    shown = await eve.command("/redraw", waits=False)
    await line.ack(await line.next())
    view = data or modal("flux", "")
    said = await api("views.open", trigger_id=(await shown.acknowledged()).trigger_id, view=view)
    assert said.error is None
    return shown


async def _sent(line: Line, eve: Person, view: View, payload: Json | None, **fill: object) -> Shown:
    values = {"prompt": "ink", "files": ("a.png", b"x"), **fill}
    shown = await eve.submit(view, values, waits=False)
    envelope = await line.next()
    await line.ack(envelope, payload)
    return await shown.over()


async def test_trigger_is_good_once(api: Api, line: Line, eve: Person) -> None:
    """A trigger opens one form."""
    shown = await _opened(api, line, eve)
    again = await api("views.open", trigger_id=shown.trigger_id, view=modal("flux", ""))
    unknown = await api("views.open", trigger_id="1.2.3", view=modal("flux", ""))

    assert (again.error, unknown.error) == ("exchanged_trigger_id", "invalid_trigger_id")
    assert shown.view.open


async def test_trigger_is_good_for_three_seconds(
    api: Api, line: Line, eve: Person, clock: VirtualClock
) -> None:
    """A form opened late is not."""
    shown = await eve.command("/redraw", waits=False)
    await line.ack(await line.next())
    await shown.acknowledged()
    await clock.advance(3.1)
    said = await api("views.open", trigger_id=shown.trigger_id, view=modal("flux", ""))

    assert said.error == "expired_trigger_id"
    assert shown.modal is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": "home"}, "invalid_arguments"),
        ({"submit": None}, "invalid_arguments"),
        ({"private_metadata": "x" * 250_000}, "view_too_large"),
    ],
)
async def test_wrong_modals(api: Api, line: Line, eve: Person, change: Json, error: str) -> None:
    """What is no modal is refused; its trigger is still good then."""
    shown = await eve.command("/redraw", waits=False)
    await line.ack(await line.next())
    wrong = {**modal("flux", ""), **change}
    said = await api("views.open", trigger_id=shown.trigger_id, view=wrong)

    assert (said.error, shown.modal) == (error, None)
    again = await api("views.open", trigger_id=shown.trigger_id, view=modal("flux", ""))
    assert again.error is None


async def test_update_wants_its_hash(api: Api, line: Line, eve: Person) -> None:
    """A form is changed by whoever has seen it last; a closed one is not there."""
    view = (await _opened(api, line, eve)).view
    seen = view.hash

    async def update(**arguments: object) -> str | None:
        said = await api("views.update", view=modal("sdxl", ""), **arguments)
        return said.error

    assert await update(view_id=view.id, hash=seen) is None
    assert await update(view_id=view.id, hash=seen) == "hash_conflict"
    assert await update(view_id=view.id) is None
    assert await update(view_id="V1") == "not_found"
    closing = await eve.close(view, waits=False)
    assert closing is not None
    assert (await line.next())["payload"]["type"] == "view_closed"
    assert await update(view_id=view.id) == "not_found"


async def test_stack_of_three(api: Api, line: Line, eve: Person) -> None:
    """Forms lie on each other, three at most; closing shows the one below."""
    shown = await _opened(api, line, eve)
    views = [shown.view]
    errors = []
    for _ in range(3):
        chosen = await eve.choose(views[-1], "Model", "sdxl", waits=False)
        await line.ack(await line.next())
        said = await api("views.push", trigger_id=chosen.trigger_id, view=modal("flux", ""))
        errors.append(said.error)
        views += chosen.act.opened

    assert errors == [None, None, "push_limit_reached"]
    assert [view.under for view in views] == [None, views[0], views[1]]
    assert views[2].root is views[0]


async def test_state_in_payloads(
    slack: SlackServer, api: Api, line: Line, eve: Person, png: bytes
) -> None:
    """A sent form carries everything filled in, files as the bot may read them."""
    view = (await _opened(api, line, eve, modal("flux", "mine"))).view
    files = [("a.png", png), slack.world.file(eve.user, "b.png", png)]
    await eve.submit(view, {"Prompt": "ink", "Picture": files, "Model": "sdxl"}, waits=False)
    sent = (await line.next())["payload"]["view"]
    values = sent["state"]["values"]

    assert (sent["private_metadata"], sent["hash"], sent["id"]) == ("mine", view.hash, view.id)
    assert values["prompt"]["prompt"] == {"type": "plain_text_input", "value": "ink"}
    assert values["model"]["model"]["selected_option"]["value"] == "sdxl"
    assert [one["name"] for one in values["files"]["files"]["files"]] == ["a.png", "b.png"]
    got = [
        await api.fetch(one["url_private_download"], token=slack.bot_token)
        for one in values["files"]["files"]["files"]
    ]
    assert [each.data for each in got] == [png, png]


async def test_form_that_asks_for_a_place_may_answer_there(
    slack: SlackServer, api: Api, line: Line, eve: Person
) -> None:
    """What is posted to its address is seen in the chosen channel, by the sender alone."""
    place = slack.world.channel("beside", has_bot=False)
    data = modal("flux", "")
    menu = {"type": "conversations_select", "action_id": "at", "response_url_enabled": True}
    label = {"type": "plain_text", "text": "Where"}
    data["blocks"] = [
        *data["blocks"],
        {"type": "input", "block_id": "at", "label": label, "element": menu},
    ]
    view = (await _opened(api, line, eve, data)).view
    values = {"prompt": "ink", "files": ("a.png", b"x"), "at": place.id}
    shown = await eve.submit(view, values, waits=False)
    (answer,) = (await line.next())["payload"]["response_urls"]
    said = {"text": "not here", "response_type": "ephemeral"}
    posted = await api.fetch(answer["response_url"], verb="POST", json=said)
    (told,) = shown.ephemerals

    assert posted.status == 200
    assert (answer["channel_id"], answer["block_id"], answer["action_id"]) == (place.id, "at", "at")
    assert (told.text, told.channel, told.seen_by) == ("not here", place, eve.user)


async def test_sent_form_is_changed(api: Api, line: Line, eve: Person) -> None:
    """An answer may show the form anew; the one who sent it sees what it says."""
    view = (await _opened(api, line, eve)).view
    wait = {**modal("sdxl", ""), "title": {"type": "plain_text", "text": "Wait"}}
    shown = await _sent(line, eve, view, {"response_action": "update", "view": wait})

    assert (shown.response_action, view.title, view.open) == ("update", "Wait", True)
    assert view.values["prompt"]["prompt"]["value"] == "ink"


@pytest.mark.parametrize(("payload", "left"), [({"response_action": "clear"}, 0), (None, 1)])
async def test_sent_form_is_closed(
    slack: SlackServer, api: Api, line: Line, *, eve: Person, payload: Json | None, left: int
) -> None:
    """An empty answer closes the form that was sent, `clear` all of them."""
    under = (await _opened(api, line, eve)).view
    more = {"response_action": "push", "view": modal("flux", "")}
    over = (await _sent(line, eve, under, more)).view
    await _sent(line, eve, over, payload)

    assert [view.open for view in slack.world.views.values()].count(True) == left
    assert not over.open


@pytest.mark.parametrize(
    "payload",
    [
        {"response_action": "errors", "errors": {"size": "not an input"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal"}},
    ],
)
async def test_wrong_answers_to_a_form(
    slack: SlackServer, api: Api, line: Line, eve: Person, payload: Json
) -> None:
    """An answer that Slack cannot show counts as none."""
    view = (await _opened(api, line, eve)).view
    shown = await _sent(line, eve, view, payload)

    assert shown.unacknowledged
    assert slack.unacknowledged == [shown.act]
    with pytest.raises(Unanswered, match="the acknowledgement is wrong"):
        await shown.acknowledged()
    assert (view.open, view.errors) == (True, {})


async def test_person_fills_in_what_there_is(api: Api, line: Line, eve: Person) -> None:
    """A person cannot send what Slack's client would not let them."""
    data = modal("flux", "")
    data["blocks"].append(
        field("seed", "Seed", {"type": "plain_text_input", "action_id": "s", "max_length": 3})
    )
    view = (await _opened(api, line, eve, data)).view
    picture = ("a.png", b"x")
    for values, words in (
        ({}, "'Prompt' has to be filled in"),
        ({"Prompt": "x", "Seed": "1234"}, "takes 3 characters"),
        ({"Model": "gpt"}, "'gpt' is offered 0 times"),
        ({"Strength": "1"}, "0 controls are called 'Strength'"),
        ({"Picture": [picture] * 3}, "takes no more files"),
    ):
        with pytest.raises(AssertionError, match=words):
            await eve.submit(view, values)
    with pytest.raises(AssertionError, match="does not tell the bot"):
        await eve.choose(view, "Prompt", "x")
    await eve.close(view, waits=False)
    with pytest.raises(AssertionError, match="is closed"):
        await eve.submit(view, {})


async def test_changed_form_forgets_what_it_does_not_offer(
    api: Api, line: Line, eve: Person
) -> None:
    """A choice that is no longer offered falls back to the form's own."""
    view = (await _opened(api, line, eve)).view
    eve.fill(view, {"Model": "sdxl"})
    data = modal("flux", "")
    data["blocks"][1]["element"]["options"].pop()
    await api("views.update", view_id=view.id, view=data)

    assert view.values["model"]["model"]["selected_option"]["value"] == "flux"
