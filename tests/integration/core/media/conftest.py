"""What tests of the places of pictures share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.s3_server import S3Server, s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Serve one S3 store for all tests of this folder; each has a prefix of its own."""
    with s3_server(tmp_path_factory.mktemp("swift")) as server:
        yield server
