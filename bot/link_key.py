"""
Root: the key that signs links to pictures, made once and kept in a folder.

Replicas that hand out pictures under links of ours share a folder of pictures, so that is where
the key is then: each of them knows the links of all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from core.errors import SettingsError

KEY_BYTES = 32
"""As long as the digest that it signs with (SHA-256)."""

_NAME = "links.key"


def link_key(folder: Path, variable: str = "REDRAW_DATA_DIR") -> bytes:
    """
    Return the key of `folder`; makes one, readable by its owner alone, if there is none.

    Two processes that start at once get the same key: it appears under its name complete, and
    only the first one does.

    Raises:
        SettingsError: the folder, which `variable` names, cannot be used, or the file in it is no
            key.
    """
    path = folder / _NAME
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as exc:
        raise SettingsError(variable, f"{path} cannot be used: {exc.strerror}") from exc
    if len(key) != KEY_BYTES:
        raise SettingsError(variable, f"{path} is damaged: remove it, a new one is made")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{_NAME}.{secrets.token_hex(8)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        part.unlink()
