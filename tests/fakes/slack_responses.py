"""What the bot says to an act without a method: acknowledged words, and posts to response URLs."""

from __future__ import annotations

import json

from aiohttp import web

from tests.fakes.slack_acts import RESPONSE_LIVES_S, RESPONSE_POSTS, Act, Ledger
from tests.fakes.slack_asked import Asked, aside
from tests.fakes.slack_block_ids import numbered
from tests.fakes.slack_blocks import check_blocks
from tests.fakes.slack_calls import Call
from tests.fakes.slack_faults import Fault, Faults, drop
from tests.fakes.slack_refusals import Refused
from tests.fakes.slack_values import Json, Message
from tests.fakes.slack_world import World


class Responses:
    """Shows what is said to whoever acted, or to their channel; keeps the `posts` to URLs."""

    def __init__(self, world: World, ledger: Ledger, faults: Faults) -> None:
        self.posts: list[Call] = []
        self._world = world
        self._ledger = ledger
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a post to a response URL."""
        said = json.loads(await request.read())
        asked = aside("response_url", said, at=self._world.clock.now())
        fault = self._faults.due("response_url", asked)
        if fault is not None and not fault.after_taking:
            await fault.wait()
        refused = self._outcome(request.match_info["key"], said, fault)
        self._record(asked, refused, dropped=fault is not None and fault.drops)
        if fault is not None:
            await fault.wait()
            if fault.drops:
                return drop(request)
        return _written(refused)

    def _outcome(self, key: str, said: Json, fault: Fault | None) -> Refused | None:
        wrong = fault.wrong if fault is not None else None
        if wrong is not None and fault is not None and not fault.after_taking:
            return wrong
        return self._taken(key, said) or wrong

    def _record(self, asked: Asked, refused: Refused | None, *, dropped: bool) -> None:
        status = refused.status if refused else 200
        self.posts.append(
            Call(
                method=asked.method,
                arguments=asked.arguments,
                token=None,
                status=0 if dropped else status,
                error=refused.error if refused else None,
                at=asked.at,
            )
        )
        self._world.news.spread()

    def _taken(self, key: str, said: Json) -> Refused | None:
        try:
            self._check(key)
            self._do(self._ledger.responses[key].act, said)
        except Refused as refused:
            return refused
        self._ledger.responses[key].posts += 1
        return None

    def _check(self, key: str) -> None:
        response = self._ledger.responses.get(key)
        if response is None:
            raise Refused("invalid_url", status=404)
        if self._world.clock.monotonic_s() - response.act.began_s > RESPONSE_LIVES_S:
            raise Refused("expired_url", status=404)
        if response.posts >= RESPONSE_POSTS:
            raise Refused("used_url", status=404)

    def _do(self, act: Act, said: Json) -> None:
        if said.get("delete_original"):
            self._world.delete_message(self._original(act))
        elif said.get("replace_original") and act.source is not None:
            self._replace(self._original(act), said)
        else:
            self.say(act, said)

    def _original(self, act: Act) -> Message:
        if act.source is None or act.source.deleted:
            raise Refused("message_not_found", status=404)
        return act.source

    def _replace(self, message: Message, said: Json) -> None:
        check_blocks(self._world, said.get("blocks") or [])
        message.text = said.get("text") or ""
        message.blocks = numbered(said.get("blocks") or [], self._world.new_id)
        message.edits += 1

    def say(self, act: Act, said: Json) -> None:
        """Show words to whoever acted, or to everybody in the channel if they say so."""
        assert act.channel is not None
        blocks = said.get("blocks") or []
        check_blocks(self._world, blocks)
        if not said.get("text") and not blocks:
            raise Refused("no_text", status=400)
        message = Message(
            ts=self._world.new_ts(),
            channel=act.channel,
            author=self._world.bot,
            posted_at=self._world.clock.now(),
            text=said.get("text") or "",
            blocks=numbered(blocks, self._world.new_id),
            thread_ts=said.get("thread_ts") or None,
            seen_by=None if said.get("response_type") == "in_channel" else act.user,
        )
        act.responses.append(message)
        self._world.add(message)


def _written(refused: Refused | None) -> web.Response:
    if refused is None:
        return web.Response(text="ok")
    return web.json_response(refused.body, status=refused.status, headers=refused.headers)
