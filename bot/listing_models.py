"""Root: `redraw models`, the catalogue as a table or as JSON."""

from __future__ import annotations

import json
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from adapters.terminal.report import ExitCode
from bot.settings import Settings
from core.catalogue import loader
from core.catalogue.model import Model, Sizing


def main(*, as_json: bool) -> ExitCode:
    """Print every model that may be chosen."""
    settings = Settings.from_machine()
    models = loader.load(settings.models_file).models
    if as_json:
        json.dump([described(model) for model in models], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        Console().print(table(models))
    return ExitCode.DONE


def described(model: Model) -> dict[str, object]:
    """Return what scripts may rely on about a model."""
    return {
        "id": model.model_id,
        "name": model.name,
        "app_id": model.app_id,
        "good_for": model.good_for,
        "sizing": model.sizing.value,
        "sizes": [str(size) for size in model.sizes],
        "reads": sorted(parameter.value for parameter in model.reads),
        "images_max": model.images_max,
        "credits_per_picture": model.credits_per_picture,
        "credits_are_published": model.credits_are_published,
        "typical_s": model.typical_s,
        "notes": list(model.notes),
    }


def table(models: tuple[Model, ...]) -> Table:
    """Return the models one below the other, with what helps to choose."""
    found = Table(
        caption="Credits are per picture; ~ marks a guess of ours. Every model takes every "
        "parameter; one that it does not read changes nothing.",
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    found.add_column("model", no_wrap=True)
    found.add_column("good for", ratio=3)
    found.add_column("sizes", ratio=2)
    found.add_column("reads", ratio=1)
    found.add_column("credits", justify="right")
    for model in models:
        label = f"[bold]{escape(model.model_id)}[/]\n{escape(model.name)}"
        found.add_row(label, escape(model.good_for), _sizes(model), _reads(model), _credits(model))
        found.add_section()
    return found


def _sizes(model: Model) -> str:
    match model.sizing:
        case Sizing.INPUT:
            return "as the picture"
        case Sizing.FREE:
            return "256 to 1536 each side"
        case Sizing.LISTED:
            return ", ".join(map(str, model.sizes))


def _reads(model: Model) -> str:
    pictures = [f"{model.images_max} pictures"] if model.images_max > 1 else []
    words = [parameter.value.replace("_", " ") for parameter in sorted(model.reads)]
    return ", ".join([*words, *pictures]) or "-"


def _credits(model: Model) -> str:
    if not model.credits_per_picture:
        return "?"
    return f"{'' if model.credits_are_published else '~'}{model.credits_per_picture}"
