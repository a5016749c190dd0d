"""Decider: what is kept of a form that a user has opened and not sent yet, as a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

DRAFT_FOR_S = 3600.0
"""How long a draft can be read, in seconds: longer than anybody leaves a form open."""
DATA_MAX_BYTES = 64 * 1024
"""
Largest data of one draft, as JSON in UTF-8.

Two texts of 4000 characters take 32 KB at the most; what is left holds addresses of pictures.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What an adapter has to know again when the form that it opened comes back."""

    draft_id: str
    """A ULID: 26 characters, short enough for a form's own id."""
    platform: str
    requester: str
    """Who opened the form, as `platform:id`; whether somebody else may send it is not said here."""
    data: Mapping[str, object] = field(default_factory=dict, repr=False)
    """JSON of the adapter's own."""
    created_at: datetime


def checked(data: Mapping[str, object]) -> dict[str, object]:
    """
    Return the data as it can be kept.

    Raises:
        ValueError: it is larger than DATA_MAX_BYTES, or holds a number that JSON does not have.
        TypeError: it holds what JSON does not have.
    """
    plain = dict(data)
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
    size_bytes = len(text.encode("utf-8", "surrogatepass"))
    if size_bytes > DATA_MAX_BYTES:
        raise ValueError(f"the data of a draft takes {size_bytes} bytes, over {DATA_MAX_BYTES}")
    return plain
