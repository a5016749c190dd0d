"""What Discord's own client makes of what a person puts into a form, and refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.fakes.discord_components import (
    CHECKBOX,
    CHECKBOXES,
    LABEL,
    RADIO,
    ROW,
    SELECTS,
    TEXT_INPUT,
    UPLOAD,
    numbered,
)
from tests.fakes.discord_values import Json

File = tuple[str, bytes]
"""A file name and what is in the file."""

Upload = Callable[[File], str]
"""Takes a file, returns the id of its attachment."""


def fields_of(modal: Json) -> dict[str, Json]:
    """Return the fields of a form by what is written beside them."""
    return dict(_fields(modal["components"]))


def submitted(modal: Json, values: Mapping[str, object], upload: Upload) -> list[Json]:
    """
    Return the components of the submitted form; `values` by label or custom id.

    Fields that are not named keep what they were filled in with. What the form does not allow
    fails the test, as no client would send it.
    """
    components = numbered(modal["components"])
    fields = dict(_fields(components))
    ids = {field["custom_id"] for field in fields.values()}
    unknown = set(values) - set(fields) - ids
    assert not unknown, f"the form has no fields {sorted(unknown)}, but {sorted(fields)}"
    return [_filled(component, values, upload) for component in components]


def _fields(components: list[Json]) -> Iterator[tuple[str, Json]]:
    for component in components:
        if component["type"] == LABEL:
            yield component["label"], component["component"]
        elif component["type"] == ROW:
            yield from ((inner["label"], inner) for inner in component["components"])


def _filled(component: Json, values: Mapping[str, object], upload: Upload) -> Json:
    base = {"type": component["type"], "id": component["id"]}
    if component["type"] == LABEL:
        field = component["component"]
        return base | {"component": _answer(field, component["label"], values, upload)}
    if component["type"] == ROW:
        inside = component["components"]
        return base | {"components": [_answer(one, one["label"], values, upload) for one in inside]}
    return base


def _answer(field: Json, label: str, values: Mapping[str, object], upload: Upload) -> Json:
    given = values.get(label, values.get(field["custom_id"], _default(field)))
    base = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
    if field["type"] in (TEXT_INPUT, RADIO, CHECKBOX):
        _check_one(field, label, given)
        return base | {"value": given}
    many: list[Any] = given if isinstance(given, list) else [given]
    _check_many(field, label, many)
    if field["type"] == UPLOAD:
        many = [upload(file) for file in many]
    return base | {"values": many}


def _default(field: Json) -> object:
    kind = field["type"]
    chosen = [option["value"] for option in field.get("options") or [] if option.get("default")]
    if kind == TEXT_INPUT:
        return field.get("value") or ""
    if kind == CHECKBOX:
        return bool(field.get("default"))
    if kind == RADIO:
        return chosen[0] if chosen else None
    return chosen if kind in (*SELECTS, CHECKBOXES) else []


def _check_one(field: Json, label: str, given: object) -> None:
    asked = field.get("required", True) and field["type"] != CHECKBOX
    assert given not in ("", None) or not asked, f"the form asks for {label}"
    if isinstance(given, str) and given and field["type"] == TEXT_INPUT:
        least, most = field.get("min_length") or 0, field.get("max_length") or 4000
        assert least <= len(given) <= most, f"{label}: not {least} to {most} characters"
    if field["type"] == RADIO and given is not None:
        _check_offered(field, label, [given])


def _check_many(field: Json, label: str, given: list[object]) -> None:
    least = 1 if field.get("min_values") is None else field["min_values"]
    most = field.get("max_values") or 1
    required = field.get("required", True)
    assert (not given and not required) or least <= len(given) <= most, (
        f"{label}: {least} to {most} of them, not {len(given)}"
    )
    if field.get("options"):
        _check_offered(field, label, given)


def _check_offered(field: Json, label: str, given: list[object]) -> None:
    offered = [option["value"] for option in field["options"]]
    assert set(given) <= set(offered), f"{label}: {given} is not in {offered}"
