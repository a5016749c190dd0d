"""What a submit's body asks for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalogue import loader
from core.catalogue.model import Model, Size
from core.studio import envelope, order
from core.studio.envelope import Failure
from core.studio.order import Order, Parameters

MODELS = loader.load()
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def order_of(body: dict[str, Any], model_id: str = "flux-dev", **more: Any) -> Order:
    return Order(
        task_id="t",
        app_id=MODELS[model_id].app_id,
        model_id=model_id,
        body=body,
        accepted_at=AT,
        **more,
    )


def read(model_id: str = "flux-dev", **body: Any) -> Parameters | Failure:
    usual = {"image": "http://h/a.jpg", "prompt": "x"}
    return order.parameters(order_of({**usual, **body}, model_id), MODELS[model_id])


def size_of(model_id: str, **body: Any) -> Size | None:
    found = read(model_id, **body)
    assert isinstance(found, Parameters), found
    return order.size_of(found, MODELS[model_id])


@pytest.mark.parametrize("model", MODELS.models, ids=lambda model: model.model_id)
def test_every_model_is_found_by_its_app_id(model: Model) -> None:
    """An app id is found as it is written, and in no other spelling."""
    other = model.app_id.swapcase()

    found = [order.model_for({"app_id": text}, MODELS) for text in (model.app_id, other)]

    assert found == [model, envelope.unknown_app(other)]


@pytest.mark.parametrize(
    "body",
    [{}, {"app_id": 5}, {"app_id": None}, {"app_id": "ap", "inference_type": []}],
)
def test_unreadable_at_first_sight(body: dict[str, Any]) -> None:
    """Without a readable app id or inference type nothing is accepted."""
    assert order.model_for(body, MODELS) == envelope.UNREADABLE_REQUEST


def test_celery_is_a_boolean() -> None:
    """`celery` as text is refused."""
    body = {"app_id": MODELS["flux-dev"].app_id, "celery": "yes"}

    assert order.model_for(body, MODELS) == envelope.UNREADABLE_REQUEST


@pytest.mark.parametrize(
    ("model_id", "body", "expected"),
    [
        ("flux-dev", {"width": 512, "height": 512}, None),
        ("flux-redux", {}, Size(width_px=1024, height_px=1024)),
        ("flux-redux", {"width": 1600, "height": 676}, Size(width_px=1600, height_px=676)),
        ("gpt-image", {"width": 1024, "height": 1536}, Size(width_px=1024, height_px=1536)),
    ],
)
def test_size_of_the_result(model_id: str, body: dict[str, int], expected: Size | None) -> None:
    """A listed size is kept, none means the usual one, and some models take the picture's own."""
    assert size_of(model_id, **body) == expected


@pytest.mark.parametrize(
    ("given_urls", "expected"),
    [
        (["http://h/a", "http://h/b"], ("http://h/a", "http://h/b")),
        ("http://h/a", ("http://h/a",)),
        ('["http://h/a", "http://h/b"]', ("http://h/a", "http://h/b")),
        ('{"a": 1}', ('{"a": 1}',)),
    ],
)
def test_file_urls_as_text(given_urls: object, expected: tuple[str, ...]) -> None:
    """`file_urls` may be a list, one address, or a list written as text."""
    found = read("flux-kontext-max", file_urls=given_urls)

    assert isinstance(found, Parameters)
    assert found.image_urls == expected


def test_other_models_do_not_read_file_urls() -> None:
    """What is in `file_urls` is no concern of a model that takes one picture."""
    found = read("flux-dev", file_urls=5)

    assert isinstance(found, Parameters)
    assert found.image_urls == ("http://h/a.jpg",)


def test_order_survives_json() -> None:
    """An order read back from its JSON is the same order."""
    before = order_of({"prompt": "x", "n": [1, None]}, fault="cut", origins=("http://h:1",))

    assert Order.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_references_move_with_their_origin() -> None:
    """Only addresses at an origin that was allowed move, with path and query, to its successor."""
    body = {
        "image": "http://127.0.0.1:1/media/a?b=c#d",
        "file_urls": ["http://127.0.0.1:1/a", "https://else.example/a", 5, "http://["],
    }
    before = order_of(body, origins=("http://127.0.0.1:1",))

    after = order.rebased(before, ("http://127.0.0.1:2",))

    assert after.body == {
        "image": "http://127.0.0.1:2/media/a?b=c#d",
        "file_urls": ["http://127.0.0.1:2/a", "https://else.example/a", 5, "http://["],
    }
    assert after.origins == ("http://127.0.0.1:2",)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    (
        *("prompt", "image", "batch", "strength", "guidance_scale", "width", "height"),
        *("file_urls", "negative_prompt", "celery", "app_id", "inference_type", "more"),
    )
)


@given(body=st.dictionaries(_KEYS, _JSON), model=st.sampled_from(MODELS.models))
def test_any_body_is_understood_or_refused(body: dict[str, Any], model: Model) -> None:
    """Whatever is sent is read, or refused in the API's own words; nothing raises."""
    first = order.model_for(body, MODELS)
    second = order.parameters(order_of(body, model.model_id), model)

    assert isinstance(first, Failure | Model)
    assert isinstance(second, Failure | Parameters)
