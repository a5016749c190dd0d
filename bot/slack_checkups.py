"""Root: what `redraw doctor` looks at on Slack; nothing there is changed by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.slack import access
from adapters.slack.registration import EVENTS_PATH
from bot import reach
from bot.checkups import Checkup, fail, ok, warn
from bot.platforms import check_slack, inspect_slack
from bot.settings import Settings
from core.errors import DeliveryError, MediaError, SettingsError

if TYPE_CHECKING:
    from adapters.slack.inspection import Inspection
    from adapters.slack.posted import Identity

TO_GRANT = (
    "add it on the page OAuth & Permissions of the app, or use the manifest of "
    "`redraw manifest slack`, and install the app again"
)

UNSAID = "look at SLACK_API_URL: a proxy there may leave out Slack's headers"
_BOT = "slack bot"
_SOCKET = "slack socket"
_ADDRESS = "slack address"
_NETWORK = "look at the network, and at SLACK_API_URL if it is set"


async def all_of(read: Settings) -> tuple[Checkup, ...]:
    """Make every check of Slack; none when nothing of it is set."""
    try:
        check_slack(read)
        if read.slack_bot_token is None:
            return ()
        async with inspect_slack(read, read.slack_bot_token) as inspection:
            return (bot(inspection.identity), await way_in(read, inspection))
    except SettingsError as exc:
        return (fail(_BOT, f"{exc.variable}: {exc.reason}", "copy it from the app's pages"),)
    except DeliveryError as exc:
        return (fail(_BOT, str(exc), _NETWORK),)


def bot(found: Identity) -> Checkup:
    """Tell whose token it is, and what it may not do."""
    who = f"the token of {found.user_id} in {found.workspace_url}"
    if not found.scopes:
        return warn(_BOT, f"{who} is accepted; which scopes it has was not said", UNSAID)
    lacking = access.lacking(found.scopes)
    if not lacking:
        return ok(_BOT, f"{who} is accepted and has every scope")
    told = f"{who} lacks: " + "; ".join(f"{each.name} ({each.why})" for each in lacking)
    if any(each.is_required for each in lacking):
        return fail(_BOT, told, TO_GRANT)
    return warn(_BOT, told, TO_GRANT)


async def way_in(read: Settings, inspection: Inspection) -> Checkup:
    """Look whether Redraw would hear of anything: over a socket, or by being called."""
    if read.slack_app_token is None:
        return await address(read)
    try:
        await inspection.listen(read.slack_app_token)
    except SettingsError as exc:
        to_do = "make one with the scope connections:write on the page Basic Information"
        return fail(_SOCKET, f"{exc.variable}: {exc.reason}", to_do)
    except DeliveryError as exc:
        return fail(_SOCKET, str(exc), _NETWORK)
    return ok(_SOCKET, "Slack would open one; no public address is needed to listen")


async def address(read: Settings) -> Checkup:
    """Call the page that Slack is to call, the way the internet comes in."""
    if read.public_url is None:
        return warn(
            _ADDRESS,
            f"Slack is to call {EVENTS_PATH} of our web server, at an address that is not known",
            "set REDRAW_PUBLIC_URL to it, or SLACK_APP_TOKEN to need none",
        )
    url = f"{read.public_url}{EVENTS_PATH}"
    try:
        found = await reach.by_a_caller(read, read.public_url, EVENTS_PATH)
    except (MediaError, SettingsError) as exc:
        said = exc.reason if isinstance(exc, SettingsError) else str(exc)
        to_do = "look at REDRAW_PUBLIC_URL, the reverse proxy and the firewall"
        return fail(_ADDRESS, f"{url} cannot be called: {said}", to_do)
    return ok(_ADDRESS, f"{url}: {found}")
