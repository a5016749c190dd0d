"""What all tests share: where their files are, and that skips of local services are said aloud."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
import structlog

hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")  # how fast the machine is decides no test

structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        # rich, structlog's own choice, takes tenths of a second for each traceback
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

SERVICES = ("postgres", "redis", "rabbitmq", "s3")
MEMORY = Path("/dev/shm")
ROOM_BYTES = 8 * 1024**3
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251  # the tests' own switch, not a setting


def pytest_configure() -> None:
    """
    Keep the tests' files in memory where there is room, so that no busy disk decides a test.

    What a killed process has written stays there just as it does in the cache of a disk.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # noqa: TID251  # for pytest


def _service(item: pytest.Item) -> str | None:
    return next((name for name in SERVICES if item.get_closest_marker(name)), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for want of a service into a failure where CI promises the service."""
    report = yield
    service = _service(item)
    if report.skipped and service and IN_CI and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{service} is not reachable, and in CI it has to be: {report.longrepr}"
    if report.skipped and service:
        report.user_properties.append(("missing_service", service))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which services were missing, so that a green run never hides it."""
    missing = {
        str(value)
        for report in terminalreporter.stats.get("skipped", [])
        for name, value in getattr(report, "user_properties", [])
        if name == "missing_service"
    }
    for service in sorted(missing):
        terminalreporter.write_line(f"NOT RUN: the {service} tests, no local {service} answers")
