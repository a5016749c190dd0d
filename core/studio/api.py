"""
Conductor: the two calls of the API, and the pictures that answers point to.

Statuses and bodies that no document describes (a refused token, a body that is no JSON, a full
queue) are guesses, and answers with them carry the header `X-Studio-Guess`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeAlias

import structlog
from aiohttp import hdrs, web

from core.catalogue.model import Model
from core.clock import Clock
from core.studio import envelope, faults, guesses, order
from core.studio.broker import Broker, QueueUnreachable
from core.studio.envelope import Failure
from core.studio.faults import Fault, FaultName
from core.studio.order import Order
from core.studio.settings import BASE_PATH, StudioSettings
from core.studio.workbench import Interrupted, Workbench

BODY_BYTES_MAX: Final = 1024 * 1024
"""Largest request body; it holds URLs, not pictures."""
WAITING_MAX: Final = 16
"""Callers that may wait for unqueued tasks at once; more are turned away."""
NOTICE_HEADER: Final = "X-Redraw-Studio"
"""Says on every answer that this is no hosted API."""

_PICTURES_PATH: Final = "/pictures"
_QUEUE_DOWN = Failure(error="Internal Error", error_data="the studio's queue cannot be reached")
_STOPPING = Failure(error="Internal Error", error_data="the studio is being stopped")

_Body: TypeAlias = dict[str, Any]
_log = structlog.get_logger()


class Api:
    """
    The handlers of one studio.

    Tasks go to the broker, those that a caller waits for to `painters`, other blocking work to
    `threads`.
    """

    def __init__(
        self,
        settings: StudioSettings,
        *,
        broker: Broker,
        bench: Workbench,
        clock: Clock,
        threads: Executor,
        painters: Executor,
        new_task_id: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._broker = broker
        self._bench = bench
        self._clock = clock
        self._threads = threads
        self._painters = painters
        self._waiting = 0
        self._new_task_id = new_task_id

    def application(self) -> web.Application:
        """Return the web application, with every call at the root and below the hosted path."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_get("/", _about)
        app.router.add_get(BASE_PATH, _about)
        for base in ("", BASE_PATH):
            app.router.add_post(f"{base}/getImagetoImage", self.submit)
            app.router.add_post(f"{base}/getImageToImage", self.submit)
            app.router.add_post(f"{base}/getImage", self.poll)
        app.router.add_get(_PICTURES_PATH + "/{name}", self.picture)
        app.on_response_prepare.append(_say_preview)
        return app

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Accept a task, or carry it out while the caller waits; 200 either way."""
        body = await self._read(request)
        if isinstance(body, web.Response):
            return body
        fault = self._asked_fault(request, self._settings.submit_fault)
        if fault is None and self._settings.faults:
            fault = faults.in_prompt(str(body.get("prompt", "")))
        turned_away = await self._commit(fault)
        if turned_away is not None:
            return turned_away
        model = order.model_for(body, self._settings.models)
        if isinstance(model, Failure):
            return self._answer(envelope.refused(model, body), status=500)
        task = self._order(body, model, fault)
        if not body.get("celery", False):
            return await self._while_waiting(request, task)
        refusal: web.Response | None = await self._in_thread(self._accept, task)
        if refusal is not None:
            return refusal
        return self._accepted(request, task, fault)

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """Say how a task stands; unknown, queued, running and expired ones look alike."""
        body = await self._read(request)
        if isinstance(body, web.Response):
            return body
        fault = self._asked_fault(request, self._settings.poll_fault)
        answered = await self._commit(fault) or guesses.broken_off(request, fault)
        if answered is not None:
            return answered
        task_id = body.get("id")
        if not isinstance(task_id, str):
            refused = envelope.refused(envelope.UNREADABLE_REQUEST, body)
            return self._answer(refused, status=500)
        is_stuck = fault is not None and fault.name is FaultName.PENDING
        found = None if is_stuck else await self._find(task_id)
        if found is None:
            return self._answer(envelope.pending(task_id, body.get("refID")))
        return self._ended(request, found)

    async def _find(self, task_id: str) -> envelope.Outcome | None:
        """Return how a task ended; whatever is not written like an id of ours is unknown."""
        if not envelope.is_task_id(task_id):
            return None
        outcome: envelope.Outcome | None = await self._in_thread(self._bench.shelf.find, task_id)
        return outcome

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """Hand out a picture as `image/jpeg`, whatever its name and its bytes say."""
        name = request.match_info["name"]
        path = self._settings.pictures_dir / name
        if not envelope.is_picture_name(name) or not await self._in_thread(path.is_file):
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={hdrs.CONTENT_TYPE: "image/jpeg"})

    async def _read(self, request: web.Request) -> _Body | web.Response:
        """Return the JSON object that was sent, or the answer to who may not or did not."""
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        expected = self._settings.token.get_secret_value().encode()
        is_right = hmac.compare_digest(token.strip().encode("utf-8", "replace"), expected)
        if scheme.lower() != "bearer" or not is_right:
            return guesses.guess(401, "Not authenticated")
        try:
            body = json.loads(await request.read(), parse_constant=_no_number)
        except (ValueError, RecursionError):
            return guesses.guess(422, "the body is not JSON")
        return body if isinstance(body, dict) else guesses.guess(422, "the body is no JSON object")

    def _asked_fault(self, request: web.Request, always: str | None) -> Fault | None:
        """Return the fault that the settings or the call's header ask for."""
        header = request.headers.get(faults.HEADER) if self._settings.faults else None
        return faults.parse(header) or faults.parse(always)

    async def _commit(self, fault: Fault | None) -> web.Response | None:
        """Commit the part of a fault that comes before a call is carried out."""
        if fault is None:
            return None
        if fault.name is FaultName.SLOW:
            await self._clock.sleep(fault.seconds)
        return None if fault.status is None else guesses.turned_away(fault, fault.status)

    def _order(self, body: _Body, model: Model, fault: Fault | None) -> Order:
        return Order(
            task_id=self._new_task_id(),
            app_id=model.app_id,
            model_id=model.model_id,
            body=body,
            accepted_at=self._clock.now(),
            fault=None if fault is None else str(fault),
            origins=self._settings.allowed_origins,
            trusts_loopback=self._settings.trusts_loopback,
        )

    def _accept(self, task: Order) -> web.Response | None:
        """Note and queue a task, in this order; return why it was not accepted, or None."""
        fault = faults.parse(task.fault)
        if fault is not None and fault.name is FaultName.PENDING:
            return None
        if self._bench.journal.count() >= self._settings.accepted_max:
            return guesses.full()
        self._bench.journal.keep(task)
        try:
            self._broker.send(task)
        except QueueUnreachable:
            self._bench.journal.drop(task.task_id)
            return self._answer(envelope.refused(_QUEUE_DOWN, task.body), status=500)
        return None

    def _accepted(
        self, request: web.Request, task: Order, fault: Fault | None
    ) -> web.StreamResponse:
        _log.debug("studio.accepted", task_id=task.task_id, model=task.model_id, preview=True)
        is_named = fault is None or fault.name is not FaultName.NO_TASK_ID
        answer = envelope.pending(task.task_id, None) | {
            "input": task.echo,
            "app_id": task.app_id,
            "task_id": task.task_id if is_named else None,
        }
        return guesses.broken_off(request, fault) or self._answer(answer, fault=fault)

    async def _while_waiting(self, request: web.Request, task: Order) -> web.Response:
        """Carry a task out without the queue, the connection being held meanwhile."""
        if self._waiting >= WAITING_MAX:
            return guesses.full()
        self._waiting += 1
        loop = asyncio.get_running_loop()
        try:
            outcome = await loop.run_in_executor(self._painters, self._bench.perform, task)
        except Interrupted:
            return self._answer(envelope.refused(_STOPPING, task.body), status=500)
        finally:
            self._waiting -= 1
        return self._ended(request, outcome)

    def _ended(self, request: web.Request, outcome: envelope.Outcome) -> web.Response:
        """Answer with pictures at the address that the caller knows the studio by."""
        here = f"{request.scheme}://{request.host}{_PICTURES_PATH}"
        failed = outcome.failure is not None
        status = self._settings.failed_status if failed else 200
        return self._answer(envelope.ended(outcome, pictures_url=here), status=status)

    def _answer(
        self, answer: dict[str, object], *, status: int = 200, fault: Fault | None = None
    ) -> web.Response:
        if not self._settings.has_app_id:
            answer = {key: value for key, value in answer.items() if key != "app_id"}
        headers = {faults.GUESS_HEADER: str(fault)} if fault else {}
        return web.json_response(answer, status=status, headers=headers)

    async def _in_thread(self, function: Callable[..., Any], *args: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)


def _no_number(name: str) -> float:
    """Refuse the NaN and Infinity that JSON does not have."""
    raise ValueError(name)


async def _about(_: web.Request) -> web.Response:
    """Say what answers here."""
    return web.json_response({"studio": envelope.NOTICE})


async def _say_preview(_: web.Request, response: web.StreamResponse) -> None:
    response.headers[NOTICE_HEADER] = envelope.NOTICE
