"""Which of Slack's noes end us, and in which words; whatever else is wrong is tried again."""

from __future__ import annotations

import pytest

from adapters.slack import access, closed
from adapters.slack.refusals import Hindrance, Refusal
from core.errors import DeliveryError, DeliveryRefused, DeliveryRetryable, SettingsError

TOKEN = DeliveryRetryable(Hindrance.TOKEN, retry_after_s=60.0)
BUSY = DeliveryRetryable(Hindrance.TOO_MANY, retry_after_s=1.0)
GRANTED = frozenset(scope.name for scope in access.SCOPES)


@pytest.mark.parametrize("error", [TOKEN, DeliveryRefused(Refusal.OTHER)])
def test_bot_token_that_is_refused_ends_us(error: DeliveryError) -> None:
    """Whatever Slack has against it: it was asked for nothing but whose it is."""
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN: Slack refuses"):
        closed.check_bot_token(error)


def test_app_token_that_is_refused_ends_us() -> None:
    """As no token, or as one that may not listen; the scope is named."""
    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN: Slack refuses"):
        closed.check_app_token(TOKEN)
    with pytest.raises(SettingsError, match=r"SLACK_APP_TOKEN: .*connections:write"):
        closed.check_app_token(DeliveryRefused(Refusal.NO_SCOPE))


def test_what_may_pass_ends_nothing() -> None:
    """Slack is slow, or says no to something else."""
    closed.check_bot_token(BUSY)
    closed.check_app_token(BUSY)
    closed.check_app_token(DeliveryRefused(Refusal.OTHER))


@pytest.mark.parametrize("lacking", ["commands", "chat:write", "files:read", "files:write"])
def test_scope_that_nothing_works_without_ends_us(lacking: str) -> None:
    """It is named, alone."""
    with pytest.raises(SettingsError, match=rf"SLACK_BOT_TOKEN: .*scopes {lacking};"):
        closed.check_scopes(GRANTED - {lacking})


@pytest.mark.parametrize("granted", [GRANTED, GRANTED - {"app_mentions:read"}, frozenset()])
def test_scopes_that_suffice(granted: frozenset[str]) -> None:
    """Mentions are not needed; where Slack does not say, nobody is turned away."""
    closed.check_scopes(granted)
