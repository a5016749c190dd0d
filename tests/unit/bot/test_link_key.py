"""The key that signs links."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.link_key import KEY_BYTES, link_key
from core.errors import SettingsError


def test_key_is_made_once(tmp_path: Path) -> None:
    """The second call finds the first one's key, and nothing else is left in the folder."""
    folder = tmp_path / "not" / "yet"

    assert link_key(folder) == link_key(folder)
    assert [path.name for path in folder.iterdir()] == ["links.key"]


def test_key_is_private(tmp_path: Path) -> None:
    """Only the owner may read it, and it is as long as it has to be."""
    key = link_key(tmp_path)

    assert len(key) == KEY_BYTES
    assert (tmp_path / "links.key").stat().st_mode & 0o777 == 0o600


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    """Starting at the same instant never makes two keys."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(link_key, [tmp_path] * 32))

    assert len(keys) == 1


def test_damaged_key_is_named(tmp_path: Path) -> None:
    """A file of another length is not signed with."""
    (tmp_path / "links.key").write_bytes(b"short")

    with pytest.raises(SettingsError, match=r"links\.key is damaged"):
        link_key(tmp_path)


def test_folder_that_is_a_file_is_a_settings_error(tmp_path: Path) -> None:
    """A data folder that cannot be used is the operator's to mend."""
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="REDRAW_DATA_DIR"):
        link_key(tmp_path / "file")


def test_shared_folder_is_named_by_its_own_setting(tmp_path: Path) -> None:
    """Where replicas keep their key beside the pictures."""
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="REDRAW_MEDIA_URL"):
        link_key(tmp_path / "file", "REDRAW_MEDIA_URL")
