"""
Doer: the inside of one decoder process, which carries out calls until its input ends.

It reads calls from standard input and writes answers to what was standard output, each as a
length of eight bytes and a pickle. It limits its own memory, and ends by itself when whoever
started it is gone: by the end of its input while it waits, by an alarm while it works.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Final

from core.errors import AppError

LENGTH_BYTES: Final = 8
"""How a message's length is written: unsigned, most significant byte first."""

READY: Final = b"R"
"""Written once, when the process is ready for calls."""

ALARM_MARGIN_S: Final = 5.0
"""How much later than the caller's own limit the process ends itself, in seconds."""


class Outcome(StrEnum):
    """What became of a call."""

    VALUE = "value"
    """It returned; the answer carries what."""
    ERROR = "error"
    """It raised one of our own errors; the answer carries it."""
    MEMORY = "memory"
    """It ran out of memory."""
    BUG = "bug"
    """It raised anything else; the answer carries the words for the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of one call."""

    outcome: Outcome
    value: Any = None


def pack_call(function: Callable[..., object], args: tuple[object, ...]) -> bytes:
    """Return the message that asks for `function(*args)`; the function must be importable."""
    return _pack((function, args))


def read_answer(body: bytes) -> Answer:
    """Return the answer that a message's body holds, with an error as it was raised."""
    outcome, value = pickle.loads(body)  # noqa: S301 - written by the process that we started
    if outcome is Outcome.ERROR:
        value = _revived(*value)
    return Answer(outcome=outcome, value=value)


def serve(source: BinaryIO, sink: BinaryIO, *, timeout_s: float) -> None:
    """Carry out the calls read from `source` until it ends."""
    sink.write(READY)
    sink.flush()
    while body := _read(source):
        signal.setitimer(signal.ITIMER_REAL, timeout_s + ALARM_MARGIN_S)
        answer = _carry_out(body)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sink.write(answer)
        sink.flush()


def limit(memory_bytes: int) -> None:
    """Limit this process's address space and leave no core files behind."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(memory_bytes: int, timeout_s: float) -> None:
    """Serve the process's standard streams; what a codec prints goes nowhere."""
    with os.fdopen(os.dup(1), "wb") as sink, os.fdopen(os.dup(0), "rb") as source:
        os.dup2(2, 1)
        if sys.platform == "linux":  # pragma: no branch - elsewhere kernels do not keep to it
            limit(memory_bytes)
        serve(source, sink, timeout_s=timeout_s)


def _carry_out(body: bytes) -> bytes:
    try:
        function, args = pickle.loads(body)  # noqa: S301 - written by the process that started us
        return _pack((Outcome.VALUE, function(*args)))
    except AppError as exc:
        return _pack((Outcome.ERROR, (type(exc), str(exc), vars(exc))))
    except MemoryError:
        return _pack((Outcome.MEMORY, None))
    except Exception as exc:  # noqa: BLE001 - a bug in a call must not take the process along
        return _pack((Outcome.BUG, f"{type(exc).__name__}: {exc}"))


def _revived(kind: type[AppError], message: str, facts: dict[str, object]) -> AppError:
    """Put an error together again; exceptions with keyword facts do not pickle by themselves."""
    error = kind.__new__(kind, message)
    error.args = (message,)
    vars(error).update(facts)
    return error


def _pack(message: object) -> bytes:
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def _read(source: BinaryIO) -> bytes:
    """Return the body of the next message; empty at the end of the input."""
    length = int.from_bytes(source.read(LENGTH_BYTES), "big")
    return source.read(length)
