"""
Doer: single calls to an object store, with its errors translated.

The store's own words name objects and addresses, and are left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from core.errors import Gone, MediaUnavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

log = structlog.get_logger()

NO_BUCKET: Final = "the bucket is not there"
REFUSED: Final = "the bucket refuses the credentials that the environment has"
REGION: Final = "the bucket is in another region than AWS_REGION says"
NEVER: Final = frozenset({NO_BUCKET, REFUSED, REGION})
"""What only an admin can mend."""
_SILENT: Final = "the object store does not answer, or not as one should"
_SIGNS: Final = {
    "<Code>ExpiredToken</Code>": REFUSED,
    "<Code>InvalidToken</Code>": REFUSED,
    "<Code>AuthorizationHeaderMalformed</Code>": REGION,
    "incorrectly configured region": REGION,
}
"""
What shows what is wrong in an error that the library has no class for.

Source: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, answered with 400; the last is
the library's own word for a redirect that says not whereto, which is S3's answer with 301.
"""


async def write(store: ObjectStore, name: str, data: bytes, mime: str) -> None:
    """
    Put an object, in one call; raises MediaUnavailable.

    Whoever is killed amid several calls would leave parts that are paid for and never seen.
    The type is what a link's answer has, and whoever fetches it may go by that.
    """
    from obstore import put_async

    attributes = {"Content-Type": mime} if makes_links(store) else None
    try:
        async with store_errors():
            await put_async(store, name, data, use_multipart=False, attributes=attributes)
    except Gone as exc:
        raise MediaUnavailable(NO_BUCKET) from exc.__cause__


async def delete(store: ObjectStore, name: str) -> None:
    """Delete an object; nothing happens when it is not there. Raises MediaUnavailable."""
    from obstore import delete_async

    try:
        async with store_errors():
            await delete_async(store, name)
    except Gone:
        return


def makes_links(store: ObjectStore) -> bool:
    """Whether a store is one that others can fetch from; the rest are for tests."""
    from obstore.store import AzureStore, GCSStore, S3Store

    return isinstance(store, S3Store | GCSStore | AzureStore)


@asynccontextmanager
async def store_errors() -> AsyncIterator[None]:
    """Translate what the store raises: Gone for what is not there, or else MediaUnavailable."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError as exc:
        raise Gone from exc
    except (PermissionDeniedError, UnauthenticatedError) as exc:
        raise MediaUnavailable(REFUSED) from exc
    except (BaseError, OSError) as exc:
        raise MediaUnavailable(_why(exc)) from exc


def _why(error: Exception) -> str:
    text = str(error)
    silent = f"{_SILENT} ({type(error).__name__})"
    return next((why for sign, why in _SIGNS.items() if sign in text), silent)


class Left:
    """Pictures that a sweep could not delete, up to so many."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._count = 0
        self._why = ""

    @contextmanager
    def excused(self) -> Iterator[None]:
        """Count what the store refuses within; raises MediaUnavailable when it was too often."""
        try:
            yield
        except MediaUnavailable as exc:
            self._count, self._why = self._count + 1, str(exc)
            if self._count > self._at_most:
                raise

    def tell(self) -> None:
        """Log how many were left, if any, and why the last of them was."""
        if self._count:
            log.warning("pictures_left_to_next_sweep", pictures=self._count, error=self._why)
