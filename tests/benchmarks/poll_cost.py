"""
CPU per poll through our client, as a ratio to bare aiohttp against the same server.

The server is a process of its own; the two clients take turns, and medians are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from multiprocessing.connection import Connection

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from core.provider.client import ProviderClient, open_http

KEY = "benchmark-key-0123456789"
PENDING = json.dumps(
    {
        "time_required": {},
        "error": None,
        "error_data": None,
        "input": {"task_id": "t", "ref_id": None},
        "output": {},
        "task_id": "t",
        "status": "PENDING",
    }
).encode()


def serve(pipe: Connection) -> None:
    """Answer every poll with PENDING until killed; sends its port first."""
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    async def pending(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=PENDING, content_type="application/json")

    app = web.Application()
    app.router.add_post("/getImage", pending)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def bare(url: str, connections: int) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """One aiohttp session that posts, reads and parses, with nothing around it."""
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def poll() -> object:
            async with session.post(f"{url}/getImage", json={"id": "t"}) as answer:
                return json.loads(await answer.read())

        yield poll


@contextlib.asynccontextmanager
async def ours(url: str, connections: int) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Our client with its dialect, as the poller uses it."""
    async with open_http(connections=connections) as http:
        client = ProviderClient(http, api_url=url, api_key=SecretStr(KEY))
        yield lambda: client.poll("t")


async def cpu_us(poll: Callable[[], Awaitable[object]], polls: int, connections: int) -> float:
    """Return the process's CPU time per poll in microseconds, with `connections` at once."""
    left = iter(range(polls))

    async def take() -> None:
        for _ in left:
            await poll()

    began_s = time.process_time()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(take())
    return (time.process_time() - began_s) / polls * 1e6


async def compare(url: str, polls: int, connections: int, rounds: int) -> tuple[float, float]:
    """Return the medians of bare aiohttp and of our client, in turns, after a warm-up."""
    figures: tuple[list[float], list[float]] = ([], [])
    async with bare(url, connections) as theirs, ours(url, connections) as own:
        for round_ in range(rounds + 1):
            for kept, poll in zip(figures, (theirs, own), strict=True):
                figure = await cpu_us(poll, polls, connections)
                if round_:
                    kept.append(figure)
    return statistics.median(figures[0]), statistics.median(figures[1])


def main() -> None:
    """Measure at several numbers of connections and print a small table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--polls", type=int, default=2000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    mine, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{mine.recv()}"
    print("connections  bare aiohttp us  ours us  ratio")
    for connections in (8, 64, 256):
        bare_us, ours_us = asyncio.run(compare(url, options.polls, connections, options.rounds))
        line = f"{connections:11d}  {bare_us:15.0f}  {ours_us:7.0f}  {ours_us / bare_us:5.2f}"
        print(line, flush=True)
    server.kill()
    server.join()


if __name__ == "__main__":
    main()
