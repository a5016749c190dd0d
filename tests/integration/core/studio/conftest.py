"""A host of pictures and the settings of an embedded studio that may fetch from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.catalogue import loader
from core.studio.settings import StudioSettings
from tests.fakes import studio_bench
from tests.fakes.studio_bench import TOKEN, PictureHost


@pytest.fixture
async def host() -> AsyncIterator[PictureHost]:
    async with studio_bench.picture_host() as host:
        yield host


@pytest.fixture
def settings(host: PictureHost, tmp_path: Path) -> StudioSettings:
    return StudioSettings(
        token=SecretStr(TOKEN),
        data_dir=tmp_path,
        models=loader.load(),
        allowed_origins=(host.origin,),
        faults=True,
    )
