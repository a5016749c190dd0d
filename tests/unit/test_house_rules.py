"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from core import errors

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for package in ("bot", "adapters", "core")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py" and "versions" not in path.parts
)
KINDS = ("Decider:", "Doer:", "Conductor:", "Port:", "Root:")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager", "service"}
HARD_LIMIT_LINES = 350


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_module_says_its_kind(path: Path) -> None:
    """The first line of every module's docstring names the kind of module it is."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert docstring.startswith(KINDS), docstring[:80]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_module_is_short_and_well_named(path: Path) -> None:
    """No module is over the hard limit of lines, and none is a dumping ground."""
    assert len(path.read_text().splitlines()) <= HARD_LIMIT_LINES
    assert path.stem not in FORBIDDEN_NAMES


def _tree() -> list[type[errors.AppError]]:
    return [
        value
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.AppError)
    ]


@pytest.mark.parametrize("error", _tree(), ids=lambda error: error.__name__)
def test_error_is_drawn_in_the_tree(error: type[errors.AppError]) -> None:
    """Every class of the closed tree is in the drawing at the top of its module."""
    assert re.search(rf"\b{error.__name__}\b", errors.__doc__ or "")


@pytest.mark.parametrize("error", _tree(), ids=lambda error: error.__name__)
def test_error_is_raised_somewhere(error: type[errors.AppError]) -> None:
    """Every leaf of the tree is used: a class that nobody raises is not there."""
    if error.__subclasses__():
        return
    pattern = re.compile(rf"(raise {error.__name__}\b|\b{error.__name__}\()")
    users = [p for p in MODULES if p.name != "errors.py" and pattern.search(p.read_text())]

    assert users


def test_no_foreign_error_in_the_tree() -> None:
    """No class of a library is an ancestor of ours."""
    ancestors = {base for error in _tree() for base in error.__mro__}

    assert {base.__module__ for base in ancestors} <= {"core.errors", "builtins"}


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=_name)
def test_requirements_are_hashed_and_name_no_index(path: Path) -> None:
    """Every pinned package has hashes, and no file says where packages come from."""
    text = path.read_text()
    pins = re.findall(r"^[a-z][^\n]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)

    assert len(pins) == len(re.findall(r"^[A-Za-z0-9].*==", text, re.MULTILINE))
    assert "://" not in text
