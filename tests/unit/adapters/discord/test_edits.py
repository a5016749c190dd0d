"""What is remembered of messages and channels is bounded."""

from __future__ import annotations

from adapters.discord.edits import Remembered


def test_the_oldest_is_forgotten() -> None:
    remembered: Remembered[str] = Remembered(2)
    for key in (1, 2, 1, 3):
        remembered.set(key, str(key))
    assert len(remembered) == 2
    assert [remembered.get(key) for key in (1, 2, 3)] == ["1", None, "3"]
