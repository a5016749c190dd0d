"""What a process is to be made of, by its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import plans
from bot.plans import LOCAL_PACE, NO_LIMITS
from bot.roles import Role
from bot.served import Served
from bot.settings import Settings
from core.catalogue import loader
from core.errors import SettingsError

KEY = {"QOLABA_API_KEY": "k-1234567890"}
LOOPBACK = {"QOLABA_API_URL": "http://127.0.0.1:9/api"}
PUBLIC = {"REDRAW_PUBLIC_URL": "https://example.org/redraw"}
BUCKET = {"REDRAW_MEDIA_URL": "s3://bucket/prefix"}


def settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.read({"REDRAW_DATA_DIR": str(tmp_path), **environ})


def test_try_without_a_key_stays_on_the_machine(tmp_path: Path) -> None:
    """The embedded studio draws, pictures are in the folder, and the web server is on loopback."""
    read = settings(tmp_path, **BUCKET, REDRAW_HTTP_HOST="0.0.0.0")

    plan = plans.for_try(read, tmp_path / "a", Served.EMBEDDED)

    assert (plan.provider, plan.preview, plan.media_url) == (None, True, None)
    assert plan.web == plans.Web(host="127.0.0.1", port=0)
    assert (plan.limits, plan.pace) == (NO_LIMITS, LOCAL_PACE)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (PUBLIC, plans.Web(host="127.0.0.1", port=8080, base_url="https://example.org/redraw")),
        (BUCKET, None),
        (LOOPBACK, plans.Web(host="127.0.0.1", port=0)),
    ],
    ids=["public address", "bucket", "api on this machine"],
)
def test_try_gives_the_api_a_way_to_the_picture(
    tmp_path: Path, environ: dict[str, str], expected: plans.Web | None
) -> None:
    """A public address, a bucket, or an API on the same machine: each is a way."""
    plan = plans.for_try(settings(tmp_path, **KEY, **environ), tmp_path, Served.HOSTED)

    assert plan.web == expected


@pytest.mark.parametrize("environ", [{}, {"REDRAW_MEDIA_URL": "file:///shared"}])
def test_try_without_a_way_to_the_picture_is_refused(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """Nothing is begun that could not end well; both remedies are named."""
    with pytest.raises(SettingsError, match="REDRAW_MEDIA_URL") as caught:
        plans.for_try(settings(tmp_path, **KEY, **environ), tmp_path, Served.HOSTED)

    assert caught.value.variable == "REDRAW_PUBLIC_URL"


def test_previews_of_a_bot_have_a_folder_of_their_own(tmp_path: Path) -> None:
    """What was asked for as a preview can never be found by a bot that pays."""
    preview = plans.for_run(settings(tmp_path), Served.EMBEDDED)
    hosted = plans.for_run(settings(tmp_path, **KEY), Served.HOSTED)

    assert preview.folder == tmp_path / "preview"
    assert preview.database != hosted.database
    assert hosted.folder == tmp_path


def test_run_without_a_key_names_both_remedies(tmp_path: Path) -> None:
    """A team is not shown previews unless that was asked for."""
    with pytest.raises(SettingsError, match="--preview") as caught:
        plans.check_key(settings(tmp_path), preview=False)

    assert caught.value.variable == "QOLABA_API_KEY"


def test_web_server_of_a_run_is_off_unless_needed(tmp_path: Path) -> None:
    """A bot whose pictures the chat hosts opens no port, until one is set for its health."""
    off = plans.for_run(settings(tmp_path, **KEY), Served.HOSTED)
    on = plans.for_run(settings(tmp_path, **KEY, REDRAW_HTTP_PORT="9000"), Served.HOSTED)

    assert off.web is None
    assert on.web == plans.Web(host="127.0.0.1", port=9000, makes_links=False)


def test_limits_are_what_was_set(tmp_path: Path) -> None:
    """Each limit of the settings reaches the queue."""
    read = settings(
        tmp_path,
        REDRAW_JOBS_PER_USER="1",
        REDRAW_PICTURES_PER_USER_DAY="2",
        REDRAW_CREDITS_MONTH="3",
        REDRAW_MAX_BATCH="4",
        REDRAW_QUEUE_MAX="5",
        REDRAW_ALLOWED_PLACES="slack:C1",
    )

    limits = plans.limits_of(read)

    assert (limits.jobs_per_user, limits.pictures_per_user_day, limits.credits_month) == (1, 2, 3)
    assert (limits.max_batch, limits.queue_max) == (4, 5)
    assert limits.allowed_places == frozenset({"slack:C1"})


def test_default_model_has_to_be_one(tmp_path: Path) -> None:
    """A mistyped default model is found before the first job, with a suggestion."""
    with pytest.raises(SettingsError, match="did you mean flux-dev"):
        plans.check_default_model(
            settings(tmp_path, REDRAW_DEFAULT_MODEL="flux-dve"), loader.load()
        )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://[::1]/", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1.example.org", False),
        ("https://example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_loopback_is_this_machine_alone(url: str, expected: bool) -> None:
    """Only what cannot be anywhere else counts as this machine."""
    assert plans.is_loopback(url) is expected


def test_files_of_a_chat_behind_a_proxy_may_be_fetched_from_there(tmp_path: Path) -> None:
    """Only a bot has a chat, and only the address that its operator has set is trusted."""
    cdn = {"DISCORD_CDN_URL": "http://127.0.0.1:7/cdn"}

    plan = plans.for_run(settings(tmp_path, **KEY, **cdn), Served.HOSTED)
    assert plan.file_hosts == {"http://127.0.0.1:7/cdn"}
    assert plans.for_run(settings(tmp_path, **KEY), Served.HOSTED).file_hosts == frozenset()
    assert plans.for_try(settings(tmp_path, **cdn), tmp_path, Served.EMBEDDED).file_hosts == set()


SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s-1"}


@pytest.mark.parametrize("served", Served)
@pytest.mark.parametrize("more", [{}, BUCKET, LOOPBACK, PUBLIC])
def test_slack_over_http_has_somewhere_to_call(
    tmp_path: Path, served: Served, more: dict[str, str]
) -> None:
    """Whoever draws and wherever pictures are, the web server is there, at a port that is known."""
    plan = plans.for_run(settings(tmp_path, **KEY, **SLACK, **more), served)

    assert plan.web is not None
    assert plan.web.port == 8080


def test_slack_over_a_socket_opens_no_port(tmp_path: Path) -> None:
    """Socket Mode needs nobody to call us."""
    read = settings(tmp_path, **KEY, **SLACK, SLACK_APP_TOKEN="xapp-1")

    assert plans.for_run(read, Served.HOSTED).web is None


@pytest.mark.parametrize(
    ("environ", "served", "expected"),
    [
        ({}, Served.HOSTED, False),
        (BUCKET, Served.HOSTED, True),
        ({"REDRAW_MEDIA_URL": "file:///srv/pictures"}, Served.STUDIO, True),
        (BUCKET, Served.EMBEDDED, False),
    ],
)
def test_only_who_keeps_nothing_to_itself_can_share(
    tmp_path: Path, environ: dict[str, str], served: Served, *, expected: bool
) -> None:
    """Pictures on this machine, and previews drawn in this process, are nobody else's."""
    plan = plans.for_run(settings(tmp_path, **KEY, **environ), served)

    assert plan.is_shareable is expected


def test_key_of_links_is_where_all_replicas_see_it(tmp_path: Path) -> None:
    """In the shared folder of pictures; a bucket has links of its own."""
    shared = settings(tmp_path, **KEY, REDRAW_MEDIA_URL="file:///srv/pictures")

    assert plans.for_run(shared, Served.HOSTED).key_folder == Path("/srv/pictures")
    assert plans.for_run(settings(tmp_path, **KEY, **BUCKET), Served.HOSTED).key_folder == tmp_path
    assert plans.for_run(settings(tmp_path, **KEY), Served.HOSTED).key_folder == tmp_path


@pytest.mark.parametrize("role", [Role.GATEWAY, Role.WORKER])
def test_roles_take_a_server(tmp_path: Path, role: Role) -> None:
    """Nobody else could do the other half beside a file."""
    server = settings(tmp_path, **KEY, REDRAW_DATABASE_URL="postgresql+psycopg://h/redraw")

    assert plans.for_run(server, Served.HOSTED, role).role is role
    with pytest.raises(SettingsError, match=f"--role {role}"):
        plans.for_run(settings(tmp_path, **KEY), Served.HOSTED, role)
