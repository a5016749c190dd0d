"""views.*: the modals that the bot opens, changes and stacks, and what a trigger is good for."""

from __future__ import annotations

import json
import secrets

from tests.fakes.slack_acts import TRIGGER_LIVES_S, Act, Ledger
from tests.fakes.slack_asked import Answer, Asked, Handler
from tests.fakes.slack_block_ids import numbered
from tests.fakes.slack_refusals import Refused, invalid
from tests.fakes.slack_states import first_values, kept_values
from tests.fakes.slack_values import Json, User, View
from tests.fakes.slack_wire import Wire
from tests.fakes.slack_world import World

LARGEST_BYTES = 250_000
"""Source: Slack, methods/views.open (`view_too_large`)."""

DEEPEST = 3
"""Views in a stack. Source: Slack, surfaces/modals; methods/views.push (`push_limit_reached`)."""


class Views:
    """Handlers of views.*, and the stacks of modals."""

    def __init__(self, world: World, wire: Wire, ledger: Ledger) -> None:
        self._world = world
        self._wire = wire
        self._ledger = ledger

    def handlers(self) -> dict[str, Handler]:
        """Return who answers which method."""
        return {"views.open": self._open, "views.push": self._push, "views.update": self._update}

    def _open(self, asked: Asked) -> Answer:
        self.check(asked.arguments.get("view"))
        act = self._exchange(asked.text("trigger_id"))
        assert act.user is not None
        return self._shown(self.show(asked.arguments["view"], act, act.user))

    def _push(self, asked: Asked) -> Answer:
        self.check(asked.arguments.get("view"))
        act = self._exchange(asked.text("trigger_id"))
        if act.view is None or act.user is None:
            raise Refused("not_found")
        return self._shown(self.show(asked.arguments["view"], act, act.user, under=act.view))

    def _update(self, asked: Asked) -> Answer:
        view = self._find(asked)
        if asked.has("hash") and asked.text("hash") != view.hash:
            raise Refused("hash_conflict")
        self.check(asked.arguments.get("view"))
        self.change(view, asked.arguments["view"])
        return self._shown(view)

    def show(self, data: Json, act: Act, user: User, *, under: View | None = None) -> View:
        """Show a new modal to `user`; over `under`, or in place of all others."""
        if under is not None and _depth(under) >= DEEPEST:
            raise Refused("push_limit_reached")
        if under is None:
            self.close_all(user)
        view = View(
            id=self._world.new_id("V"),
            user=user,
            data=self._numbered(data),
            hash=_hash(),
            under=under,
        )
        view.values = first_values(view)
        self._world.views[view.id] = view
        act.opened.append(view)
        self._world.news.spread()
        return view

    def change(self, view: View, data: Json) -> None:
        """Show something else in a modal; what was filled in stays where the ids are the same."""
        view.data = self._numbered(data)
        view.values = kept_values(view, view.values)
        view.hash = _hash()
        view.errors = {}
        view.updates += 1
        self._world.news.spread()

    def close(self, view: View) -> None:
        """Close a modal; the one under it is seen again."""
        view.open = False
        self._world.news.spread()

    def close_all(self, user: User) -> None:
        """Close every modal of a person."""
        for view in self._world.views.values():
            if view.user is user:
                view.open = False
        self._world.news.spread()

    def check(self, data: object) -> None:
        """Refuse what is no modal."""
        if not isinstance(data, dict):
            raise invalid("invalid_arguments", "missing required field: view")
        if data.get("type") != "modal" or "title" not in data or "blocks" not in data:
            raise invalid("invalid_arguments", "a modal has a type, a title and blocks")
        if len(json.dumps(data)) > LARGEST_BYTES:
            raise Refused("view_too_large")
        has_inputs = any(block.get("type") == "input" for block in data["blocks"])
        if has_inputs and not data.get("submit"):
            raise invalid("invalid_arguments", "a modal with inputs needs a submit button")

    def _exchange(self, trigger_id: str) -> Act:
        trigger = self._ledger.triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._world.clock.monotonic_s() - trigger.act.began_s > TRIGGER_LIVES_S:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.act

    def _find(self, asked: Asked) -> View:
        external_id = asked.text("external_id")
        for view in self._world.views.values():
            same = external_id and view.data.get("external_id") == external_id
            if view.open and (same or view.id == asked.text("view_id")):
                return view
        raise Refused("not_found")

    def _numbered(self, data: Json) -> Json:
        return {**data, "blocks": numbered(data["blocks"], self._world.new_id)}

    def _shown(self, view: View) -> Answer:
        return Answer(body={"view": self._wire.view(view)})


def _depth(view: View) -> int:
    return 1 + (_depth(view.under) if view.under else 0)


def _hash() -> str:
    return f"1.{secrets.token_hex(6)}"
