"""The alert rules and the dashboard, read beside the metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.metrics import Metrics

ROOT = Path(__file__).parents[3]
ALERTS = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
OPERATIONS = (ROOT / "docs/operations.md").read_text()
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def names() -> set[str]:
    """Return every name under which this process shows a number of ours."""
    return {
        family.name + suffix
        for family in Metrics().registry.collect()
        for suffix in SUFFIXES[family.type]
        if family.name.startswith("redraw_")
    }


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in ALERTS)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.mark.parametrize("expression", list(expressions()))
def test_what_is_asked_for_is_measured(expression: str) -> None:
    """A name that nothing measures makes an alert that never comes."""
    assert set(re.findall(r"redraw_\w+", expression)) <= names()
    assert expression.count("(") == expression.count(")")


def test_every_number_is_shown() -> None:
    """What nobody looks at need not be measured."""
    asked = " ".join(expressions())
    families = [f.name for f in Metrics().registry.collect() if f.name.startswith("redraw_")]

    assert [name for name in families if name not in asked] == []


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_every_alert_is_explained(rule: dict[str, Any]) -> None:
    """Whoever is woken finds its heading in docs/operations.md, and a sentence in the alert."""
    assert f"### {rule['alert']}" in OPERATIONS
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_panels_have_places_of_their_own() -> None:
    """No two lie on each other, and each is known by its number."""
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in DASHBOARD["panels"]]

    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
