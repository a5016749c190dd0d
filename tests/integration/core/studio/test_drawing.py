"""The studio with the painter that it is shipped with."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from core.catalogue import loader
from core.catalogue.model import Model, Sizing
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from tests.fakes import studio_bench
from tests.fakes.studio_bench import Caller, PictureHost

MODELS = loader.load().models


async def drawn(caller: Caller, model: Model, url: str) -> tuple[bytes, dict[str, object]]:
    """Return what a model makes of the picture, and what the answer says of the prompt."""
    size = model.sizes[0] if model.sizing is Sizing.LISTED else None
    said = await caller.outcome(
        app_id=model.app_id,
        prompt="a woodcut of a flibber",
        file_urls=[url] if model.sends_file_urls else None,
        width=size and size.width_px,
        height=size and size.height_px,
    )
    assert said.body["status"] == "SUCCESS", said.body
    file = await caller.get(said.body["output"]["result"][0])
    return file.data, said.body["output"]["preview"]


@pytest.mark.slow
async def test_every_model_draws_another_picture(
    settings: StudioSettings, host: PictureHost
) -> None:
    """Eight models make eight pictures of one, each decodes, and each says what it understood."""
    async with (
        open_studio(settings) as studio,
        studio_bench.caller(studio.api_url, host.url()) as caller,
    ):
        found = [await drawn(caller, model, host.url()) for model in MODELS]

    pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data, _ in found]
    assert len({picture.resize((64, 64)).tobytes() for picture in pictures}) == len(MODELS)
    assert all("woodcut" in str(preview["understood"]) for _, preview in found)
    assert all("flibber" in str(preview["ignored"]) for _, preview in found)
