"""What the provider fake is told to do: how a task goes, and how a call goes wrong."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NSFW = "Request cancelled due to detection of NSFW content. Please change the prompt or picture."
"""Close to what the API says; what counts is "detection of NSFW content"."""

Format = Literal["jpg", "png", "webp", "html", "empty", "cut"]
"""What a result picture really is; the last three are no pictures, whatever the header says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """How one task goes."""

    pending_polls: int = 0
    """The first polls that are answered PENDING."""
    pending_s: float = 0.0
    """Seconds, by the fake's clock, in which polls are answered PENDING."""
    held: bool = False
    """PENDING until `release`."""
    answers_s: float = 0.0
    """Real seconds until the submit is answered, after its task was made."""
    fails: bool = False
    """FAILED in the end, with `error` and `error_data`."""
    code: int = 200
    """The HTTP code of the final answer: 200 now, 500 in older builds."""
    error: str = "Internal Error"
    error_data: object = ""
    pictures: int | None = None
    """Pictures in the result; None for the whole batch, 0 for "all filtered"."""
    formats: tuple[Format, ...] = ("jpg",)
    """What the pictures really are, in turn; the name says `.webp`, the header `image/jpeg`."""
    picture_code: int = 200
    """The HTTP code with which the pictures are served."""
    output: object = None
    """Stands in for the whole `output` of the final answer, when given."""
    blank: Literal["", "null", "{}", "missing"] = ""
    """How the answer writes "nothing"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """How one call goes wrong instead of being answered."""

    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0.0
    """Real seconds before anything else happens, after the request has been read."""
    ending: Literal["answer", "pass", "close", "reset", "cut", "no_http"] = "answer"
    """
    `answer` sends the answer above; `pass` goes on as if nothing were wrong (after the delay);
    `close` and `reset` end the connection without a word; `cut` ends it inside the body;
    `no_http` sends bytes that are no HTTP.
    """
    accepts: bool = False
    """Whether a submit is carried out all the same (its task exists and was paid)."""


_JSON = {"Content-Type": "application/json"}

FAULTS: dict[str, Fault] = {
    "400": Fault(code=400, headers=_JSON, body=b'{"message": "Bad request"}'),
    "401": Fault(code=401, headers=_JSON, body=b'{"detail": "Not authenticated"}'),
    "402": Fault(code=402, headers=_JSON, body=b'{"message": "Insufficient credits"}'),
    "403": Fault(code=403, headers=_JSON, body=b'{"message": "Forbidden"}'),
    "404": Fault(code=404, headers={"Content-Type": "text/html"}, body=b"Cannot POST /getImage"),
    "408": Fault(code=408, body=b"Request Timeout"),
    "429": Fault(code=429, headers={**_JSON, "Retry-After": "2"}, body=b'{"message": "slow"}'),
    "500": Fault(code=500, body=b"Internal Server Error"),
    "502": Fault(code=502, headers={"Content-Type": "text/html"}, body=b"<h1>Bad Gateway</h1>"),
    "503": Fault(code=503, headers={"Retry-After": "1"}, body=b"Service Unavailable"),
    "malformed": Fault(headers=_JSON, body=b'{"status": "PENDING", "task_id": '),
    "no_task_id": Fault(
        headers=_JSON, body=b'{"status": "PENDING", "task_id": null}', accepts=True
    ),
    "close": Fault(ending="close", accepts=True),
    "reset": Fault(ending="reset", accepts=True),
    "cut": Fault(ending="cut", accepts=True),
    "no_http": Fault(ending="no_http"),
    "huge": Fault(headers=_JSON, body=b'{"status": "PENDING", "x": "' + b"x" * 2**21 + b'"}'),
}
"""
Faults by name, for tests and for the command line. Those that accept a submit stand for an answer
that was lost on its way back.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submit:
    """One submit that arrived."""

    task_id: str | None
    """The task it made; None when it was refused."""
    app_id: str
    prompt: str
    body: Mapping[str, object]
    """The whole JSON body; empty when it was none."""
    reference_codes: tuple[int, ...] = ()
    """What fetching its pictures was answered with; 0 for no answer."""
    fault: Fault | None = None
    """What it was told to let go wrong, if anything."""


@dataclass(kw_only=True, slots=True)
class Task:
    """One remote task of the fake."""

    task_id: str
    script: Script
    app_id: str
    prompt: str
    batch: int
    started_at_s: float
    polls: int = 0
    held: bool = False


@dataclass(kw_only=True, slots=True)
class FaultQueue:
    """Faults that wait for their calls."""

    waiting: collections.deque[Fault] = field(default_factory=collections.deque)

    def add(self, fault: str | Fault, times: int) -> None:
        self.waiting.extend([FAULTS[fault] if isinstance(fault, str) else fault] * times)

    def take(self) -> Fault | None:
        return self.waiting.popleft() if self.waiting else None

    def heal(self) -> None:
        self.waiting.clear()
