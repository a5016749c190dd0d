"""What judges app manifests lets right ones pass, and says of a wrong one what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes import slack_legality as legality
from tests.samples.slack_manifests import DOCUMENTED, RIGHT, WRONG, Wrong

needs_schemas = pytest.mark.skipif(not legality.is_at_hand(), reason=legality.MISSING)


def _problems(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Return rule and place of each problem."""
    found = [line.split(": ", 2) for line in legality.manifest_problems(manifest)]
    return [(rule, where) for rule, where, _ in found]


def _ids(cases: list[Wrong]) -> list[str]:
    return [f"{rule}, {where}" for rule, where, _ in cases]


@pytest.fixture
def no_schemas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REDRAW_SPECS", str(tmp_path))


@needs_schemas
@pytest.mark.parametrize("way", RIGHT)
def test_right_manifest(way: str) -> None:
    """A manifest with the least scopes passes Slack's own schema and our rules."""
    assert legality.manifest_problems(RIGHT[way]) == []


@needs_schemas
@pytest.mark.parametrize(("rule", "where", "wrong"), WRONG, ids=_ids(WRONG))
def test_wrong_manifest(rule: str, where: str, wrong: dict[str, Any]) -> None:
    """What we do not ask a workspace for, and what Slack needs beyond its schema, is told."""
    assert _problems(wrong) == [(rule, where)]


@pytest.mark.usefixtures("no_schemas")
@pytest.mark.parametrize(("rule", "where", "wrong"), WRONG, ids=_ids(WRONG))
def test_wrong_manifest_without_the_schemas(rule: str, where: str, wrong: dict[str, Any]) -> None:
    """Our rules hold where Slack's schemas are not at hand."""
    assert _problems(wrong) == [(rule, where)]


@needs_schemas
@pytest.mark.parametrize(("rule", "where", "wrong"), DOCUMENTED, ids=_ids(DOCUMENTED))
def test_schema(rule: str, where: str, wrong: dict[str, Any]) -> None:
    """What the schemas alone know is told once, at its place."""
    assert _problems(wrong) == [(rule, where)]


@needs_schemas
@pytest.mark.parametrize("odd", [{}, {"features": 1}, {"settings": []}, {"oauth_config": "x"}])
def test_a_manifest_of_any_shape_is_judged(odd: dict[str, Any]) -> None:
    """What is nothing like a manifest is a problem to tell of, not one to fail at."""
    assert _problems(odd)
