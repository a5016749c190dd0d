"""The client that talks to the hosted API, against the studio on every broker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from core.catalogue import loader
from core.catalogue.model import Model, Sizing
from core.errors import (
    OutcomeUnknown,
    ProviderMisconfigured,
    ProviderUnavailable,
    Rejection,
    RequestRejected,
)
from core.provider import dialect
from core.provider.client import ProviderClient, open_http
from core.provider.dialect import Call, Pending, Poll, Produced, RemoteFailed
from core.request import GenerationRequest
from tests.conformance.conftest import Bench
from tests.fakes.studio_bench import TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODELS = loader.load().models


def call_for(model: Model, bench: Bench, *, prompt: str = "a woodcut", batch: int = 1) -> Call:
    request = GenerationRequest(
        model_id=model.model_id, prompt=prompt, image_count=1, batch=batch, strength=0.5
    )
    size = model.sizes[0] if model.sizing is Sizing.LISTED else None
    return dialect.encode_submit(request, model, image_urls=[bench.host.url()], size=size)


async def follow(client: ProviderClient, call: Call) -> Poll:
    """Submit and poll to the end."""
    task_id = await client.submit(call)
    found: Poll = Pending()
    async with asyncio.timeout(30):
        while isinstance(found, Pending):
            await asyncio.sleep(0.03)
            found = await client.poll(task_id)
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.model_id)
async def test_every_model_is_drawn(bench: Bench, model: Model) -> None:
    """What the client sends for a model is accepted, and its pictures are where it is told."""
    async with open_http(connections=4) as http:
        client = _client(http, bench)
        found = await follow(client, call_for(model, bench, batch=2))

        assert isinstance(found, Produced)
        files = [await http.get(url) for url in found.urls]

    assert [file.status_code for file in files] == [200, 200]
    assert found.runtime_s is not None


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("moderated", Rejection.MODERATION),
        ("time-limit", Rejection.TIME_LIMIT),
        ("failed", Rejection.PROVIDER),
    ],
)
async def test_failures_are_told_apart(bench: Bench, fault: str, expected: Rejection) -> None:
    """The reason of a failed task is found in the studio's texts as in the API's."""
    async with open_http(connections=4) as http:
        call = call_for(MODELS[0], bench, prompt=f"x fault:{fault}")
        found = await follow(_client(http, bench), call)

    assert found == RemoteFailed(rejection=expected)


async def test_picture_that_cannot_be_fetched(bench: Bench) -> None:
    """A reference image that is gone is the picture's fault."""
    async with open_http(connections=4) as http:
        call = call_for(MODELS[0], bench)
        gone = replace(call, body={**call.body, "image": bench.host.url("gone.jpg")})
        found = await follow(_client(http, bench), gone)

    assert found == RemoteFailed(rejection=Rejection.PICTURE)


async def test_filtered_result_is_empty(bench: Bench) -> None:
    """A result without pictures is a success without addresses."""
    async with open_http(connections=4) as http:
        call = call_for(MODELS[0], bench, prompt="x fault:filtered")
        found = await follow(_client(http, bench), call)

    assert isinstance(found, Produced)
    assert found.urls == ()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", ProviderMisconfigured),
        ("402", ProviderMisconfigured),
        ("403", ProviderMisconfigured),
        ("404", ProviderMisconfigured),
        ("408", OutcomeUnknown),
        ("429=3", ProviderUnavailable),
        ("500", OutcomeUnknown),
        ("502", OutcomeUnknown),
        ("cut", OutcomeUnknown),
        ("malformed", OutcomeUnknown),
        ("no-task-id", OutcomeUnknown),
    ],
)
async def test_submit_fault_is_understood(bench: Bench, fault: str, error: type[Exception]) -> None:
    """Each fault of a submit is the error that says what to do next."""
    async with open_http(connections=4) as http:
        call = call_for(MODELS[0], bench, prompt=f"x fault:{fault}")
        with pytest.raises(error):
            await _client(http, bench).submit(call)


async def test_unknown_model_is_refused(bench: Bench) -> None:
    """An app id that the studio does not know is the model's fault."""
    async with open_http(connections=4) as http:
        call = call_for(replace(MODELS[0], app_id="ap-nobody"), bench)
        with pytest.raises(RequestRejected) as caught:
            await _client(http, bench).submit(call)

    assert caught.value.rejection is Rejection.MODEL


async def test_wrong_key_is_ours_to_mend(bench: Bench) -> None:
    """A key that is not the studio's token is refused for submits and polls alike."""
    async with open_http(connections=4) as http:
        client = _client(http, bench, key="another-key-altogether")
        with pytest.raises(ProviderMisconfigured):
            await client.submit(call_for(MODELS[0], bench))
        with pytest.raises(ProviderMisconfigured):
            await client.poll("x")


def _client(http: object, bench: Bench, key: str = TOKEN) -> ProviderClient:
    import httpx

    assert isinstance(http, httpx.AsyncClient)
    return ProviderClient(http, api_url=bench.caller.api_url, api_key=SecretStr(key))
