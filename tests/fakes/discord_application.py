"""What the application may learn of itself, the way to the gateway, and its commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.fakes.discord_asked import Answer, Asked, Handler
from tests.fakes.discord_refusals import Form, Refused, refusal
from tests.fakes.discord_values import Json
from tests.fakes.discord_wire import Wire
from tests.fakes.discord_world import World

NAME = re.compile(r"^[-_'\w]{1,32}$")
"""Names of slash commands and options. Source: Discord, interactions/application-commands."""

MOST_COMMANDS = 100
MOST_CONTEXT_COMMANDS = 15
MOST_CHARACTERS = 8000
"""Source: Discord, interactions/application-commands."""

DEFAULTS: Json = {
    "type": 1,
    "name_localizations": None,
    "description": "",
    "description_localizations": None,
    "default_member_permissions": None,
    "contexts": None,
    "integration_types": [0],
    "nsfw": False,
}
"""What Discord fills in when a command does not say."""


class Application:
    """Answers `/users/@me`, `/applications/…`, `/gateway…` and the global commands."""

    def __init__(self, world: World, wire: Wire, session_start: Callable[[], Json]) -> None:
        self.commands: list[Json] = []
        self._world = world
        self._wire = wire
        self._session_start = session_start

    def handlers(self) -> Mapping[str, Handler]:
        """Return what is answered here."""
        commands = "/applications/{application}/commands"
        return {
            "GET /users/@me": lambda _: Answer(body=self._wire.itself()),
            "GET /applications/@me": lambda _: Answer(body=self._about()),
            "GET /oauth2/applications/@me": lambda _: Answer(body=self._about()),
            "GET /gateway": lambda _: Answer(body={"url": self._session_start()["url"]}),
            "GET /gateway/bot": lambda _: Answer(body=self._session_start()),
            f"GET {commands}": self._list,
            f"PUT {commands}": self._replace,
        }

    def command(self, name: str) -> Json | None:
        """Return the command of that name as it is registered."""
        return next((one for one in self.commands if one["name"] == name), None)

    def _about(self) -> Json:
        bot = self._world.bot
        return {
            "id": str(bot.id),
            "name": bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": self._wire.user(bot),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": {**self._wire.user(bot), "id": "1", "username": "owner", "bot": False},
            "team": None,
            "approximate_guild_count": len(self._world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
            "integration_types_config": {"0": {}},
            "tags": [],
        }

    def _list(self, asked: Asked) -> Answer:
        self._own(asked)
        return Answer(body=self.commands)

    def _replace(self, asked: Asked) -> Answer:
        self._own(asked)
        if not isinstance(asked.json, list):
            raise Refused(400, 50035, "Invalid Form Body", errors={})
        _check_commands(asked.json)
        self.commands = [self._stored(command) for command in asked.json]
        self._world.news.spread()
        return Answer(body=self.commands)

    def _own(self, asked: Asked) -> None:
        if asked.id("application") != self._world.bot.id:
            raise refusal(10002)

    def _stored(self, command: Json) -> Json:
        new = {**DEFAULTS, **{key: value for key, value in command.items() if key != "id"}}
        if new["default_member_permissions"] is not None:
            new["default_member_permissions"] = str(new["default_member_permissions"])
        new["dm_permission"] = new["contexts"] is None or 1 in new["contexts"]
        if not new.get("options"):
            new.pop("options", None)
        return self._numbered(new)

    def _numbered(self, new: Json) -> Json:
        before = self.command(new["name"])
        if before is None or before["type"] != new["type"]:
            before = {"id": str(self._world.snowflake())}
        own = {"id": before["id"], "application_id": str(self._world.bot.id)}
        same = {k: v for k, v in before.items() if k != "version"} == {**new, **own}
        version = before["version"] if same else str(self._world.snowflake())
        return {**new, **own, "version": version}


def _check_commands(commands: list[Json]) -> None:
    form = Form()
    kinds = [command.get("type") or 1 for command in commands]
    names = [(kind, command.get("name")) for kind, command in zip(kinds, commands, strict=True)]
    if (
        kinds.count(1) > MOST_COMMANDS
        or max(kinds.count(2), kinds.count(3)) > MOST_CONTEXT_COMMANDS
    ):
        raise Refused(400, 30032, "Maximum number of application commands reached")
    if len(set(names)) < len(names):
        form.wrong("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Names must be unique.")
    for index, command in enumerate(commands):
        _check_command(form, str(index), command)
    form.check()


def _check_command(form: Form, path: str, command: Json) -> None:
    slash = (command.get("type") or 1) == 1
    form.required(path, command, "name")
    form.length(f"{path}.name", command.get("name"), 1, 32)
    form.length(f"{path}.description", command.get("description"), int(slash), 100 * int(slash))
    if slash:
        _check_options(form, path, command)
    if _characters(command) > MOST_CHARACTERS:
        form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def _check_options(form: Form, path: str, command: Json) -> None:
    options: list[Json] = command.get("options") or []
    form.length(f"{path}.options", options, 0, 25)
    _check_name(form, path, command)
    for index, option in enumerate(options):
        here = f"{path}.options.{index}"
        _check_name(form, here, option)
        form.length(f"{here}.description", option.get("description"), 1, 100)
        form.length(f"{here}.choices", option.get("choices"), 0, 25)
        if option.get("choices") and option.get("autocomplete"):
            text = "Autocomplete is not allowed beside choices."
            form.wrong(f"{here}.autocomplete", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
        if option.get("required") and index and not options[index - 1].get("required"):
            text = "Required options must be placed before non-required options"
            form.wrong(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)


def _check_name(form: Form, path: str, named: Json) -> None:
    name = str(named.get("name"))
    if not NAME.match(name) or name != name.lower():
        text = f"String value did not match validation regex: {name}"
        form.wrong(f"{path}.name", "STRING_TYPE_REGEX", text)


def _characters(command: Json) -> int:
    own = sum(len(str(command.get(key) or "")) for key in ("name", "description", "value"))
    inner = [*(command.get("options") or []), *(command.get("choices") or [])]
    return own + sum(_characters(one) for one in inner)
