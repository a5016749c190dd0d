"""Parts of messages as a bot sends them, for plain calls to the fake Discord."""

from __future__ import annotations

from tests.fakes.discord_components import BUTTON, GALLERY, ROW, TEXT
from tests.fakes.discord_values import Flag, Json

V2 = int(Flag.IS_COMPONENTS_V2)
"""The flag of a message of components."""

NOBODY: Json = {"parse": []}
"""`allowed_mentions` that allow none."""


def text(words: str) -> Json:
    """Return words."""
    return {"type": TEXT, "content": words}


def gallery(*names: str) -> Json:
    """Return a gallery of uploads by file name."""
    return {"type": GALLERY, "items": [{"media": {"url": f"attachment://{n}"}} for n in names]}


def button(custom_id: str, **more: object) -> Json:
    """Return a button."""
    return {"type": BUTTON, "style": 1, "label": "Go", "custom_id": custom_id, **more}


def row(*inside: Json) -> Json:
    """Return a row of buttons or one menu."""
    return {"type": ROW, "components": list(inside)}
