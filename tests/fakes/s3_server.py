"""A real S3 server for tests: started where it is installed, and its absence named where not."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.s3_swift import ACCESS_KEY, BUCKET, REGION, SECRET_KEY

ROOT = Path(__file__).parents[2]
READY_S = 180.0


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """Where it listens, and how an operator would say so."""

    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def environ(self, port: int | None = None, **more: str) -> dict[str, str]:
        """Return the variables that lead to it, or to a relay on `port` before it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            **more,
        }

    def media_url(self, prefix: str, bucket: str = BUCKET) -> str:
        return f"s3://{bucket}/{prefix}"


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Serve an empty store below `folder`; skips the test where there is no Swift to do so."""
    if importlib.util.find_spec("swift") is None:
        pytest.skip("no OpenStack Swift is installed (it is in the test dependencies on Linux)")
    _need_attributes(folder)
    with (folder / "swift.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.fakes.s3_swift", "--folder", str(folder)],
            cwd=ROOT,
            # The server ends with this pipe, and so with us, however we end.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        yield S3Server(url=_address(process, folder / "swift.log"))
    finally:
        process.kill()
        process.communicate()


def _need_attributes(folder: Path) -> None:
    """Skip where files cannot have what Swift keeps beside their bytes."""
    probe = folder / "probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.redraw", b"1")
    except OSError as exc:
        pytest.skip(f"{folder} keeps no extended attributes, which Swift needs: {exc.strerror}")


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return what the server says once it serves."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        said = process.stdout.readline().decode().strip() if selector.select(READY_S) else ""
    assert said, log.read_text()[-3000:]
    return said
