"""Which close codes no try can help with, and what the operator reads."""

from __future__ import annotations

import pytest

from adapters.discord.closed import fatal


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
def test_fatal_codes_name_the_setting(code: int) -> None:
    """All of them are about the application behind the token."""
    error = fatal(code)
    assert error is not None
    assert error.variable == "DISCORD_TOKEN"


@pytest.mark.parametrize("code", [1000, 1006, 4000, 4001, 4007, 4008, 4009])
def test_other_codes_are_tried_again(code: int) -> None:
    """A session is lost, not the bot."""
    assert fatal(code) is None
