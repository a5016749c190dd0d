"""
Root: how a command ends: its exit code, and at most one sentence on standard error.

What was not foreseen ends with 1 and one line that names the log file with the details.
"""

from __future__ import annotations

import sys
from pathlib import Path

from adapters.terminal.report import ExitCode
from adapters.wording import wording
from core.errors import (
    AppError,
    InvalidRequest,
    MediaError,
    QuotaExceeded,
    SettingsError,
    StoreUnavailable,
    UnknownJob,
)

_BAD_INPUT = (SettingsError, InvalidRequest, MediaError, QuotaExceeded, UnknownJob)
"""What the one who typed the command can mend."""


def exit_code(error: AppError) -> ExitCode:
    """Return what the process answers when `error` ends a command."""
    return ExitCode.BAD_INPUT if isinstance(error, _BAD_INPUT) else ExitCode.FAILED


def sentence(error: AppError) -> str:
    """Return what is wrong and what to do about it, as one line."""
    if isinstance(error, SettingsError):
        return f"{error.variable}: {_one_line(error.reason)}"
    if isinstance(error, StoreUnavailable):
        return (
            f"the jobs cannot be read or kept ({error}): look at the disk or the database server, "
            "and at `redraw doctor`"
        )
    words = wording(error)
    return _one_line(f"{words.what_happened} {words.what_to_do}")


def say(text: str) -> None:
    """Write one line to standard error, in the name of the program."""
    sys.stderr.write(f"redraw: {text}\n")


def report(error: AppError) -> ExitCode:
    """Say what is wrong; returns the exit code."""
    say(sentence(error))
    return exit_code(error)


def report_any(error: Exception) -> ExitCode:
    """Say what is wrong, foreseen or not; returns the exit code."""
    return report(error) if isinstance(error, AppError) else report_unforeseen(error)


def report_unforeseen(error: Exception) -> ExitCode:
    """Keep the details in the log file and name that; returns the exit code."""
    say(unforeseen(error))
    return ExitCode.FAILED


def unforeseen(error: Exception) -> str:
    """Keep the details in the log file; returns the sentence that names it."""
    kept = _keep(error)
    where = f"the details are in {kept}" if kept else "no log file could be written"
    return f"this should not have happened ({type(error).__name__}); {where}"


def first_of(failures: BaseExceptionGroup[AppError]) -> AppError:
    """Return one error of a group: whatever went wrong first."""
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, AppError)
    return error


def _keep(error: Exception) -> Path | None:
    """Append the masked traceback to the log file of the data folder."""
    import structlog

    from bot import logs
    from bot.settings import Settings

    try:
        settings = Settings.from_machine()
    except SettingsError:
        return None
    path = settings.data_dir / "redraw.log"
    logs.configure_file(path, settings.secrets)
    structlog.get_logger("bot.exits").error("unforeseen", exc_info=error)
    return path if path.is_file() else None


def _one_line(text: str) -> str:
    return " ".join(text.split())
