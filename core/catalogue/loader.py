"""Doer: reads the packaged models file and the operator's own, once, at start-up."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from core.catalogue.catalogue import Catalogue, names_of
from core.catalogue.model import Model
from core.catalogue.schema import MODEL_ID_EXPECTED, Entry, is_model_id, mistakes, shown
from core.errors import SettingsError

VARIABLE = "REDRAW_MODELS_FILE"
"""The setting that names the operator's file."""

FILE_MAX_BYTES = 1024 * 1024
"""An operator's file is refused beyond this size."""

_Tables = Mapping[str, object]


def load(path: Path | None = None) -> Catalogue:
    """
    Return the packaged catalogue with the operator's file, if any, laid over it.

    The operator's tables may add a model, change single keys of one, or hide one.

    Raises:
        SettingsError: the file cannot be read, or holds mistakes; all are named at once.
    """
    packaged = _tables(_packaged(), "models.toml")
    if path is None:
        return _catalogue(packaged, packaged, "models.toml")
    data = _read(path)
    try:
        own = _tables(data, str(path))
        return _catalogue(_laid_over(packaged, own), own, str(path))
    except RecursionError as exc:
        raise SettingsError(
            VARIABLE, f"{path}: expected tables in tables no deeper than a few"
        ) from exc


def _packaged() -> bytes:
    return resources.files("core.catalogue").joinpath("models.toml").read_bytes()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_MAX_BYTES + 1)
    except OSError as exc:
        raise SettingsError(VARIABLE, f"{path}: {exc.strerror or 'cannot be read'}") from exc
    if len(data) > FILE_MAX_BYTES:
        raise SettingsError(VARIABLE, f"{path}: expected at most {FILE_MAX_BYTES} bytes")
    return data


def _tables(data: bytes, file: str) -> _Tables:
    """Return the tables below `models`, still unchecked."""
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise SettingsError(VARIABLE, f"{file}: expected UTF-8 text") from exc
    except ValueError as exc:  # bad TOML, or a number of thousands of digits
        raise SettingsError(VARIABLE, f"{file}: expected TOML: {exc}") from exc
    models = document.get("models", {})
    strange = sorted(document.keys() - {"models"})
    wrong = [f"{file}: {shown(key)}: expected only [models.…] tables" for key in strange]
    if not isinstance(models, dict):
        wrong.append(f"{file}: models: expected tables such as [models.flux-dev]")
    if wrong:
        raise SettingsError(VARIABLE, "; ".join(wrong))
    return dict(models)


def _laid_over(packaged: _Tables, own: _Tables) -> _Tables:
    """Return the packaged tables with the operator's keys in place of theirs, new ones last."""
    return {
        model_id: _merged(packaged.get(model_id), own.get(model_id))
        for model_id in (*packaged, *(model_id for model_id in own if model_id not in packaged))
    }


def _merged(packaged: object, own: object) -> object:
    """Return one table over another, tables within them alike; anything else replaces."""
    if own is None:
        return packaged
    if not isinstance(packaged, dict) or not isinstance(own, dict):
        return own
    return {key: _merged(packaged.get(key), own.get(key)) for key in {**packaged, **own}}


def _catalogue(tables: _Tables, own: _Tables, file: str) -> Catalogue:
    """Check every table and put the models together."""
    wrong: list[str] = []
    visible: list[Model] = []
    hidden: list[Model] = []
    for model_id, table in tables.items():
        place = f"{file}: [models.{model_id}]"
        entry, problems = _entry(model_id, table)
        wrong.extend(f"{place} {problem}" for problem in problems)
        if entry is not None:
            (hidden if entry.hidden else visible).append(entry.model(model_id))
    wrong.extend(f"{file}: {problem}" for problem in _clashes(visible, own))
    if not visible and not wrong:
        wrong.append(f"{file}: expected at least one model that is not hidden")
    if wrong:
        raise SettingsError(VARIABLE, "; ".join(wrong))
    return Catalogue(visible, hidden)


def _entry(model_id: str, table: object) -> tuple[Entry | None, tuple[str, ...]]:
    if not is_model_id(model_id):
        return None, (f"expected {MODEL_ID_EXPECTED}, found {shown(model_id)}",)
    if not isinstance(table, dict):
        return None, (f"expected a table, found {shown(table)}",)
    try:
        return Entry.model_validate(table), ()
    except ValidationError as exc:
        return None, mistakes(table, exc)


def _clashes(visible: list[Model], own: _Tables) -> list[str]:
    """Return what two visible models both want to be called, in words."""
    owners: dict[str, Model] = {}
    problems: list[str] = []
    for model in visible:
        for name in dict.fromkeys(names_of(model)):
            other = owners.setdefault(name, model)
            if other is not model:
                culprit, rest = (model, other) if model.model_id in own else (other, model)
                key = ("model_id", "name", "app_id")[names_of(culprit).index(name)]
                problems.append(
                    f"[models.{culprit.model_id}] {key}: expected a value that {rest.model_id} "
                    f"does not have as well, found {shown(getattr(culprit, key))}"
                )
    return problems
