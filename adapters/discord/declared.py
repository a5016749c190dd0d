"""
Decider: our commands as Discord is told of them.

Written as Discord's own JSON, which is what is compared with what is registered. Bounds are hints
to Discord's client, which shows all that break them at once; the desk has the last word.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.discord.given import IMAGE_OPTIONS
from core.catalogue.parameters import PROMPT_MAX

REDRAW: Final = "redraw"
MODELS: Final = "redraw-models"
JOBS: Final = "redraw-jobs"
REDRAW_MESSAGE: Final = "Redraw this image"

_SLASH, _MESSAGE = 1, 3
_STRING, _INTEGER, _NUMBER, _ATTACHMENT = 3, 4, 10, 11
"""
Types of commands and of options.

Source: discord.com/developers/docs/interactions/application-commands.
"""
_IN_SERVERS: Final = (0,)
_WHERE: Final = (0, 1)
"""Servers, and direct messages with the bot. Source: the same, Contexts."""

Json = dict[str, Any]


def commands() -> list[Json]:
    """Return everything that is registered, for all servers."""
    return [
        _command(
            REDRAW,
            _SLASH,
            description="Redraw a picture as you say",
            options=_options(),
        ),
        _command(MODELS, _SLASH, description="The models: what each is good for, takes and costs"),
        _command(JOBS, _SLASH, description="Your latest jobs, and what is left of your limits"),
        _command(REDRAW_MESSAGE, _MESSAGE),
    ]


def _command(name: str, kind: int, **rest: Any) -> Json:
    where = {"integration_types": list(_IN_SERVERS), "contexts": list(_WHERE)}
    return {"name": name, "type": kind, **where, **rest}


def _options() -> list[Json]:
    first, *others = IMAGE_OPTIONS
    return [
        _option(first, _ATTACHMENT, "The picture to redraw", required=True),
        _option(
            "prompt",
            _STRING,
            "What it should become: a woodcut at golden hour",
            required=True,
            max_length=PROMPT_MAX,
        ),
        _option("model", _STRING, "Which model redraws it", autocomplete=True),
        _option(
            "size", _STRING, "Size of the result; the choices fit the model", autocomplete=True
        ),
        _option(
            "strength",
            _NUMBER,
            "How far to depart from the picture: over 0, at most 1, which disregards it",
            min_value=0,
            max_value=1,
        ),
        _option(
            "guidance_scale",
            _NUMBER,
            "How closely to keep to the prompt: 1 to 30",
            min_value=1,
            max_value=30,
        ),
        _option("negative_prompt", _STRING, "What should not be in it", max_length=PROMPT_MAX),
        _option("batch", _INTEGER, "How many pictures to make: 1 to 8", min_value=1, max_value=8),
        *(
            _option(name, _ATTACHMENT, "Another picture, for models that take several")
            for name in others
        ),
    ]


def _option(name: str, kind: int, description: str, **rest: Any) -> Json:
    return {"name": name, "type": kind, "description": description, **rest}
