"""Decider: which of Slack's noes end us, since no waiting helps: tokens and what they may."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from adapters.slack import access, refusals
from adapters.slack.access import Scope
from adapters.slack.refusals import Hindrance, Refusal
from core.errors import DeliveryError, DeliveryRefused, DeliveryRetryable, SettingsError

BOT_TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - a setting's name
APP_TOKEN: Final = "SLACK_APP_TOKEN"  # noqa: S105 - a setting's name


def check_bot_token(error: DeliveryError) -> None:
    """Raise SettingsError when `error` says that the bot's token is none, or of no use."""
    if _is_token(error) or isinstance(error, DeliveryRefused):
        raise SettingsError(
            BOT_TOKEN, "Slack refuses this token; copy the bot's token (xoxb-…) from OAuth"
        ) from error


def check_app_token(error: DeliveryError) -> None:
    """Raise SettingsError when `error` says that the app's token is none, or may not listen."""
    if _is_token(error):
        raise SettingsError(
            APP_TOKEN, "Slack refuses this token; make an app-level token (xapp-…) anew"
        ) from error
    if isinstance(error, DeliveryRefused) and refusals.of(error) is Refusal.NO_SCOPE:
        lacked = _named(access.APP_SCOPES)
        raise SettingsError(APP_TOKEN, f"this token lacks the scope {lacked}") from error


def check_scopes(granted: Collection[str]) -> None:
    """Raise SettingsError naming every scope that Redraw needs and was not granted."""
    lacking = [scope for scope in access.lacking(granted) if scope.is_required]
    if granted and lacking:
        raise SettingsError(
            BOT_TOKEN,
            f"this token lacks the scopes {_named(lacking)}; add them and install the app anew",
        )


def _is_token(error: DeliveryError) -> bool:
    return isinstance(error, DeliveryRetryable) and str(error) == Hindrance.TOKEN


def _named(scopes: Collection[Scope]) -> str:
    return ", ".join(scope.name for scope in scopes)
