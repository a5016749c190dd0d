"""What is written as YAML is read back by a YAML reader as what it was."""

from __future__ import annotations

import string

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.yaml_text import yaml_text

PRINTABLE = st.text(st.sampled_from(string.printable[:95] + "\n\t…é→"), max_size=20)
KEYS = st.text(string.ascii_lowercase + "_", min_size=2, max_size=10).filter(
    lambda key: key not in {"yes", "no", "on", "off", "true", "false", "null"}
)
PLAIN = st.one_of(PRINTABLE, st.booleans(), st.integers(-999, 999))
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, NESTED, min_size=1, max_size=4))
def test_readers_get_back_what_was_written(value: dict[str, object]) -> None:
    """Lists in lists, empty ones, and texts that look like something else."""
    assert yaml.safe_load(yaml_text(value)) == value


def test_looks_like_what_people_write() -> None:
    """Block style, two spaces a level, texts in quotes."""
    value = {"a": {"b": [1, {"c": "no", "d": True}], "e": []}}

    assert yaml_text(value) == 'a:\n  b:\n    - 1\n    - c: "no"\n      d: true\n  e: []\n'
