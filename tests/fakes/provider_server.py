"""
The image-to-image API as a loopback server that does what a test tells it to.

In a test, inside its event loop:

    async with ProviderServer() as provider:
        provider.script(Script(pending_polls=2), prompt="a woodcut")   # by prompt, or app_id
        provider.default = Script(pending_s=0.2)                       # for all others
        provider.fail_submits("429")                                   # the next submit
        provider.fail_polls("502", times=3)                            # the next three polls
        ... ProviderClient(http, api_url=provider.api_url, api_key=SecretStr(API_KEY)) ...
        assert provider.count(prompt="a woodcut") == 1
        provider.release()                                             # tasks with held=True

It counts every submit that arrived, with its full body (`submits`), the polls of each task
(`polls`), the pictures it served (`downloads`) and, with `fetches_references=True`, what fetching
the reference images was answered with. A submit counts as soon as it has been read, whatever
becomes of its answer; `count(accepted=True)` leaves out those that made no task.

As the real one does: a poll of an unknown id is PENDING for ever, the final answer has no task id,
and result pictures have names that end in `.webp` and the header `image/jpeg`, whatever they are.

As a process of its own, which survives the process under test and logs one JSON line a call:

    python -m tests.fakes.provider_server --port 0 --log calls.jsonl --pending-s 0.5 \
        --submit-fault 429:2 --poll-fault 502:1

Its first line on standard output is its `api_url`; `provider_wire.submits_in` reads the log.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import aiohttp
from aiohttp import web

from core.clock import Clock, SystemClock
from tests.fakes.provider_pictures import picture
from tests.fakes.provider_script import FAULTS, Fault, FaultQueue, Script, Submit, Task
from tests.fakes.provider_wire import envelope, go_wrong, read_json

API_KEY = "test-key-0123456789"
"""The key that the fake takes."""

BASE_PATH = "/api/v1/studio"
"""The path below which the real API is; the fake answers below it and at the root."""


class ProviderServer:
    """A loopback server that speaks the API's contract and follows scripts; see the module."""

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str | None = API_KEY,
        clock: Clock | None = None,
        log: Path | None = None,
        fetches_references: bool = False,
    ) -> None:
        self.default = Script()
        self.submits: list[Submit] = []
        self.tasks: dict[str, Task] = {}
        self.polls: collections.Counter[str] = collections.Counter()
        self.downloads: collections.Counter[str] = collections.Counter()
        self._news = asyncio.Event()
        self._port = port
        self._api_key = api_key
        self._clock = clock or SystemClock()
        self._log_path = log
        self._log: IO[str] | None = None
        self._scripts: dict[tuple[str, str], Script] = {}
        self._faults = {"submit": FaultQueue(), "poll": FaultQueue(), "picture": FaultQueue()}
        self._session: aiohttp.ClientSession | None = None
        self._fetches_references = fetches_references
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=16 * 2**20)
        for base in (BASE_PATH, ""):
            for path in ("/getImagetoImage", "/getImageToImage"):
                app.router.add_post(base + path, self._submit)
            app.router.add_post(f"{base}/getImage", self._poll)
        app.router.add_get("/results/{task_id}/{name}", self._picture)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024)
        await site.start()
        self._port = self._runner.addresses[0][1]
        if self._fetches_references:
            timeout = aiohttp.ClientTimeout(total=10)
            self._session = aiohttp.ClientSession(timeout=timeout)
        if self._log_path is not None:
            self._log = self._log_path.open("a", encoding="utf-8", buffering=1)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        if self._log is not None:
            self._log.close()

    @property
    def origin(self) -> str:
        """Scheme, host and port; the result pictures are served below it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What to set as the address of the API."""
        return self.origin + BASE_PATH

    def script(self, script: Script, *, prompt: str = "", app_id: str = "") -> None:
        """Give tasks with this prompt or this app id a script of their own; prompts win."""
        self._scripts["prompt" if prompt else "app_id", prompt or app_id] = script

    def fail_submits(self, fault: str | Fault, *, times: int = 1) -> None:
        """Let the next submits go wrong, after those that were told to already."""
        self._faults["submit"].add(fault, times)

    def fail_polls(self, fault: str | Fault, *, times: int = 1) -> None:
        """Let the next polls go wrong, after those that were told to already."""
        self._faults["poll"].add(fault, times)

    def fail_pictures(self, fault: str | Fault, *, times: int = 1) -> None:
        """Let the next downloads go wrong, after those that were told to already."""
        self._faults["picture"].add(fault, times)

    def heal(self) -> None:
        """Let no call go wrong that has not arrived yet."""
        for faults in self._faults.values():
            faults.heal()

    def release(self, prompt: str | None = None) -> None:
        """End the wait of held tasks: all of them, or those with this prompt."""
        for task in self.tasks.values():
            if prompt in (None, task.prompt):
                task.held = False

    def count(
        self, *, prompt: str | None = None, app_id: str | None = None, accepted: bool = False
    ) -> int:
        """Return how many submits arrived, or made a task, with this prompt and app id."""
        return sum(
            (prompt is None or submit.prompt == prompt)
            and (app_id is None or submit.app_id == app_id)
            and (submit.task_id is not None or not accepted)
            for submit in self.submits
        )

    async def arrived(self, count: int = 1, *, timeout_s: float = 30.0) -> None:
        """Return as soon as this many submits have been read; TimeoutError if they never are."""
        async with asyncio.timeout(timeout_s):
            while len(self.submits) < count:
                await self._news.wait()

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        fault = self._faults["submit"].take()
        refused = fault is not None and fault.ending != "pass" and not fault.accepts
        answer = None if refused else self._refusal(request, body)
        task = None if refused or answer else self._accept(body)
        codes = await self._fetch_references(body)
        self._keep(body, task, codes, fault)
        if fault is not None and fault.ending != "pass":
            return await go_wrong(request, fault)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
        if answer is not None:
            return answer
        assert task is not None
        await asyncio.sleep(task.script.answers_s)
        echo = {"app_id": "i2i", "parameters": body, "celery": True}
        return web.json_response(
            envelope(task.script, status="PENDING", task_id=task.task_id, input=echo)
        )

    def _refusal(self, request: web.Request, body: dict[str, object]) -> web.Response | None:
        wanted = f"Bearer {self._api_key}"
        if self._api_key is not None and request.headers.get("Authorization") != wanted:
            return web.json_response({"detail": "Not authenticated"}, status=401)
        if not body:
            return web.json_response({"detail": []}, status=422)
        return None

    def _accept(self, body: dict[str, object]) -> Task:
        prompt, app_id, batch = body.get("prompt"), body.get("app_id"), body.get("batch")
        task = Task(
            task_id=str(uuid.uuid4()),
            script=self._script_for(str(prompt), str(app_id)),
            app_id=str(app_id),
            prompt=str(prompt),
            batch=batch if isinstance(batch, int) else 1,
            started_at_s=self._clock.monotonic_s(),
        )
        task.held = task.script.held
        self.tasks[task.task_id] = task
        return task

    def _script_for(self, prompt: str, app_id: str) -> Script:
        by_app_id = self._scripts.get(("app_id", app_id), self.default)
        return self._scripts.get(("prompt", prompt), by_app_id)

    def _keep(
        self,
        body: dict[str, object],
        task: Task | None,
        codes: tuple[int, ...],
        fault: Fault | None,
    ) -> None:
        submit = Submit(
            task_id=task.task_id if task else None,
            app_id=str(body.get("app_id", "")),
            prompt=str(body.get("prompt", "")),
            body=body,
            reference_codes=codes,
            fault=fault,
        )
        self.submits.append(submit)
        self._news.set()
        self._news = asyncio.Event()
        self._write("submit", task_id=submit.task_id, body=body, reference_codes=codes)

    async def _fetch_references(self, body: dict[str, object]) -> tuple[int, ...]:
        several = body.get("file_urls")
        urls = several if isinstance(several, list) else [body.get("image")]
        return tuple([await self._fetch(url) for url in urls]) if self._session else ()

    async def _fetch(self, url: object) -> int:
        assert self._session is not None
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with self._session.get(str(url)) as response:
                await response.read()
                return response.status
        return 0

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        task_id = str(body.get("id"))
        self.polls[task_id] += 1
        fault = self._faults["poll"].take()
        self._write("poll", task_id=task_id)
        if fault is not None:
            if fault.ending != "pass":
                return await go_wrong(request, fault)
            await asyncio.sleep(fault.delay_s)
        refusal = self._refusal(request, body)
        if refusal is not None:
            return refusal
        task = self.tasks.get(task_id)
        if task is None or self._is_pending(task):
            script = task.script if task else self.default
            echo = {"task_id": task_id, "ref_id": None}
            return web.json_response(
                envelope(script, status="PENDING", task_id=task_id, input=echo)
            )
        return self._final(task)

    def _is_pending(self, task: Task) -> bool:
        task.polls += 1
        waited_s = self._clock.monotonic_s() - task.started_at_s
        script = task.script
        return task.held or task.polls <= script.pending_polls or waited_s < script.pending_s

    def _final(self, task: Task) -> web.Response:
        script = task.script
        if script.fails:
            facts = {"error": script.error, "error_data": script.error_data}
            body = envelope(script, status="FAILED", **facts)
        else:
            runtime_s = self._clock.monotonic_s() - task.started_at_s
            times = {"startup_time": 0.0, "runtime": runtime_s}
            body = envelope(
                script, status="SUCCESS", output=self._output(task), time_required=times
            )
        return web.json_response(body, status=script.code)

    def _output(self, task: Task) -> object:
        if task.script.output is not None:
            return task.script.output
        count = task.batch if task.script.pictures is None else task.script.pictures
        urls = [f"{self.origin}/results/{task.task_id}/{index}.webp" for index in range(count)]
        return {"result": urls, "Has_NSFW_Content": [False] * task.batch, "low_res_urls": urls}

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        task = self.tasks.get(request.match_info["task_id"])
        self.downloads[request.path] += 1
        self._write("picture", path=request.path)
        fault = self._faults["picture"].take()
        if fault is not None:
            if fault.ending != "pass":
                return await go_wrong(request, fault)
            await asyncio.sleep(fault.delay_s)
        if task is None:
            return web.Response(status=404)
        index = int(request.match_info["name"].partition(".")[0])
        form = task.script.formats[index % len(task.script.formats)]
        return web.Response(
            status=task.script.picture_code, body=picture(form, index), content_type="image/jpeg"
        )

    def _write(self, call: str, **facts: object) -> None:
        if self._log is not None:
            at = self._clock.now().isoformat()
            self._log.write(json.dumps({"call": call, "at": at, **facts}) + "\n")


def _times(text: str) -> tuple[str, int]:
    name, _, times = text.partition(":")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"one of {', '.join(FAULTS)}, then :TIMES")
    return name, int(times or 1)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.provider_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--api-key", default=API_KEY)
    parser.add_argument("--pending-polls", type=int, default=0)
    parser.add_argument("--pending-s", type=float, default=0.0)
    parser.add_argument("--fetch-references", action="store_true")
    for call in ("submit", "poll", "picture"):
        parser.add_argument(f"--{call}-fault", type=_times, action="append", default=[])
    return parser.parse_args(argv)


async def _serve(arguments: argparse.Namespace) -> None:
    server = ProviderServer(
        port=arguments.port,
        api_key=arguments.api_key,
        log=arguments.log,
        fetches_references=arguments.fetch_references,
    )
    server.default = Script(pending_polls=arguments.pending_polls, pending_s=arguments.pending_s)
    fail = (server.fail_submits, server.fail_polls, server.fail_pictures)
    wanted = (arguments.submit_fault, arguments.poll_fault, arguments.picture_fault)
    for tell, faults in zip(fail, wanted, strict=True):
        for name, times in faults:
            tell(name, times=times)
    async with server:
        sys.stdout.write(server.api_url + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(_arguments(None)))
