"""The desk between people and the bot: makes acts of what people do, and acts on the answers."""

from __future__ import annotations

import secrets
import uuid

from tests.fakes.slack_acts import Act, Carries, Ledger, Response, Trigger
from tests.fakes.slack_calls import Call
from tests.fakes.slack_links import Links
from tests.fakes.slack_payloads import Payloads
from tests.fakes.slack_refusals import Refused
from tests.fakes.slack_responses import Responses
from tests.fakes.slack_tasks import Tasks
from tests.fakes.slack_transport import Transport, Undelivered
from tests.fakes.slack_values import Channel, Json, Message, User, View
from tests.fakes.slack_views import Views
from tests.fakes.slack_world import World


class Desk:
    """Sends acts over the transport in use, and lets their acknowledgements take effect."""

    def __init__(
        self,
        *,
        world: World,
        payloads: Payloads,
        views: Views,
        responses: Responses,
        ledger: Ledger,
        links: Links,
        tasks: Tasks,
        transport: Transport,
    ) -> None:
        self.acks: list[Call] = []
        self.world = world
        self.payloads = payloads
        self.views = views
        self._transport = transport
        self.ledger = ledger
        self._responses = responses
        self._links = links
        self._tasks = tasks

    def act(
        self,
        carries: Carries,
        payload: Json,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        source: Message | None = None,
        view: View | None = None,
        triggers: bool = False,
    ) -> Act:
        """Return a new act; one that `triggers` may open a modal, one in a channel be answered."""
        act = Act(
            id=str(uuid.uuid4()),
            carries=carries,
            payload=dict(payload),
            at=self.world.clock.now(),
            began_s=self.world.clock.monotonic_s(),
            first_message=len(self.world.messages),
            user=user,
            channel=channel,
            source=source,
            view=view,
        )
        if triggers:
            act.trigger_id = f"{len(self.ledger.triggers)}.1.{secrets.token_hex(16)}"
            act.payload["trigger_id"] = act.trigger_id
            self.ledger.triggers[act.trigger_id] = Trigger(act=act)
        if channel is not None:
            act.payload["response_url"] = self._response_url(act)
        if view is not None and "response_urls" in payload:
            self._let_answer(act, view)
        return act

    def _let_answer(self, act: Act, view: View) -> None:
        """
        Let a form be answered in the conversation that was chosen in it, if it asked for that.

        Source: Slack, surfaces/modals (response_url_enabled) and view_submission's response_urls.
        """
        for control in view.controls:
            state = view.values.get(str(control["block_id"]), {}).get(str(control["action_id"]), {})
            chosen = state.get("selected_conversation")
            if control.get("response_url_enabled") and chosen:
                act.channel = self.world.channels[chosen]
                where = {key: control[key] for key in ("block_id", "action_id")}
                url = self._response_url(act)
                answer = {**where, "channel_id": chosen, "response_url": url}
                act.payload["response_urls"] = [answer]

    def _response_url(self, act: Act) -> str:
        key = secrets.token_urlsafe(12)
        self.ledger.responses[key] = Response(act=act)
        return self._links.response(key)

    def again(self, act: Act, retry: tuple[int, str] | None) -> Act:
        """Return the same act once more, as a delivery of its own."""
        return Act(
            id=str(uuid.uuid4()),
            carries=act.carries,
            payload=act.payload,
            at=self.world.clock.now(),
            began_s=self.world.clock.monotonic_s(),
            first_message=len(self.world.messages),
            user=act.user,
            channel=act.channel,
            source=act.source,
            view=act.view,
            retry=retry,
        )

    def send(self, act: Act) -> None:
        """Send an act on its way."""
        self.ledger.acts.append(act)
        self._tasks.start(self._deliver(act))

    async def _deliver(self, act: Act) -> None:
        try:
            reply = await self._transport.deliver(act)
        except Undelivered as undelivered:
            act.failure = str(undelivered)
            self.world.news.spread()
            return
        act.ack = reply.body
        self._keep(act)
        try:
            self._take_effect(act)
        except Refused as refused:
            act.failure = f"the acknowledgement is wrong: {refused.body}"
        else:
            act.acked_s = self.world.clock.monotonic_s() - act.began_s
        self.world.news.spread()

    def _keep(self, act: Act) -> None:
        if act.ack:
            self.acks.append(
                Call(
                    method=f"ack.{act.kind}",
                    arguments=act.ack,
                    token=None,
                    status=200,
                    error=None,
                    at=self.world.clock.now(),
                )
            )

    def _take_effect(self, act: Act) -> None:
        if act.kind == "view_submission":
            self._take_submission(act)
        elif act.carries is Carries.COMMAND and act.ack:
            self._responses.say(act, act.ack)

    def _take_submission(self, act: Act) -> None:
        view = act.view
        assert view is not None
        assert act.user is not None
        action = act.ack.get("response_action")
        if not view.open:
            return
        if action == "errors":
            self._show_errors(view, act.ack["errors"])
        elif action == "update":
            self.views.check(act.ack.get("view"))
            self.views.change(view, act.ack["view"])
        elif action == "push":
            self.views.check(act.ack.get("view"))
            self.views.show(act.ack["view"], act, act.user, under=view)
        elif action == "clear":
            self.views.close_all(act.user)
        else:
            self.views.close(view)

    def _show_errors(self, view: View, errors: Json) -> None:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if not errors or not set(errors) <= inputs:
            raise Refused("invalid_arguments", more={"unknown": sorted(set(errors) - inputs)})
        view.errors = dict(errors)
