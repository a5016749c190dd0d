"""The fake chat does what the acceptance tests count on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.chat_server import ChatServer


@pytest.fixture
async def chat() -> AsyncIterator[ChatServer]:
    async with ChatServer({"a.jpg": b"bytes"}) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _message(nonce: str, kind: str = "result") -> dict[str, object]:
    return {"nonce": nonce, "job_id": "J", "kind": kind, "seq": 0, "text": "here"}


async def _post(http: aiohttp.ClientSession, chat: ChatServer, body: object) -> str:
    async with http.post(f"{chat.url}/messages", json=body) as answer:
        return str((await answer.json())["message_id"])


async def test_nonce_is_taken_once(chat: ChatServer, http: aiohttp.ClientSession) -> None:
    """The same nonce gives the same message, another nonce another one."""
    first = await _post(http, chat, _message("n1"))
    again = await _post(http, chat, _message("n1"))
    other = await _post(http, chat, _message("n2"))

    assert first == again != other
    assert (chat.posts["n1"], chat.said("result")["J"]) == (2, 2)


async def test_edit_needs_a_message(chat: ChatServer, http: aiohttp.ClientSession) -> None:
    """A message that exists can be edited again and again, another one cannot."""
    message_id = await _post(http, chat, _message("n1"))
    async with http.patch(f"{chat.url}/messages/{message_id}", json={}) as known:
        assert known.status == 200
    async with http.patch(f"{chat.url}/messages/none", json={}) as unknown:
        assert unknown.status == 404

    assert chat.edits[message_id] == 1


@pytest.mark.parametrize("takes_first", [False, True])
async def test_gate_holds_until_lifted(
    chat: ChatServer, http: aiohttp.ClientSession, takes_first: bool
) -> None:
    """A held post has been taken or not, as the gate says, and is answered once it is lifted."""
    gate = chat.gate("result", takes_first=takes_first)
    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(_post(http, chat, _message("n1")))
        await gate.reached.wait()

        assert (len(chat.messages), posting.done()) == (int(takes_first), False)
        chat.lift("result")

    assert posting.result() == "m0"


async def test_pictures_are_served(chat: ChatServer, http: aiohttp.ClientSession) -> None:
    """A picture that the test put there is served, another one is not found."""
    async with http.get(f"{chat.url}/pictures/a.jpg") as found:
        assert await found.read() == b"bytes"
    async with http.get(f"{chat.url}/pictures/b.jpg") as missing:
        assert missing.status == 404
