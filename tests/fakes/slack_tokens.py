"""Who may call what: the kinds of tokens, whether they still hold, and their scopes."""

from __future__ import annotations

from tests.fakes.slack_asked import Asked
from tests.fakes.slack_refusals import Refused, missing_scope
from tests.fakes.slack_world import World

BOT_TOKEN = "xoxb-fake-bot-token"
"""The bot token that the fake takes."""

APP_TOKEN = "xapp-fake-app-token"
"""The app-level token that the fake takes."""

SCOPE_OF = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "conversations.open": "im:write",
}
"""What a bot token needs; for reading conversations it depends on their kind. Source: reference."""

OF_APP = ("apps.connections.open",)
"""Methods for the app-level token."""


class Tokens:
    """The two tokens of the app."""

    def __init__(self, world: World, *, bot_token: str, app_token: str) -> None:
        self.bot = bot_token
        self.app = app_token
        self._world = world

    def check(self, asked: Asked) -> None:
        """Refuse a call that its token may not make."""
        self._check_token(asked)
        needed = SCOPE_OF.get(asked.method)
        if needed is not None and needed not in self._world.scopes:
            raise missing_scope(needed, self.provided)

    @property
    def provided(self) -> str:
        """The scopes of the bot token as Slack lists them."""
        return ",".join(sorted(self._world.scopes))

    def holds(self, bearer: str | None) -> bool:
        """Tell whether this is the bot's token and still good."""
        return bearer == self.bot and self._world.token_error is None

    def _check_token(self, asked: Asked) -> None:
        if asked.token is None:
            raise Refused("not_authed")
        if asked.token not in (self.bot, self.app):
            raise Refused("invalid_auth")
        if (asked.token == self.app) != (asked.method in OF_APP):
            raise Refused("not_allowed_token_type")
        error = self._world.app_token_error if asked.token == self.app else self._world.token_error
        if error is not None:
            raise Refused(error)
