"""What the settings take, refuse and say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import settings_reference
from bot.settings import Settings, unknown_variables
from bot.settings_names import default_data_dir, variable
from bot.settings_services import HOSTED_API_URL
from bot.settings_values import About
from core.errors import SettingsError

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_page_is_in_step_with_the_class() -> None:
    """`docs/settings.md` is what the class says, word for word."""
    assert PAGE.read_text() == settings_reference.page()


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_described(field: str) -> None:
    """Each setting says what it means, in which unit, how it is switched off and why so."""
    about = [m for m in Settings.model_fields[field].metadata if isinstance(m, About)]

    assert len(about) == 1
    assert all((about[0].meaning, about[0].unit, about[0].off, about[0].why))


def test_nothing_set_is_enough() -> None:
    """With an empty environment every setting has a value that works."""
    settings = Settings.read({"HOME": "/home/ada"})

    assert settings.qolaba_api_key is None
    assert settings.qolaba_api_url == HOSTED_API_URL
    assert (settings.max_batch, settings.jobs_per_user, settings.queue_max) == (4, 3, 200)


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A variable of the environment replaces the same one of `.env`; others are kept."""
    env_file = tmp_path / ".env"
    env_file.write_text('REDRAW_MAX_BATCH=2\nREDRAW_QUEUE_MAX=7\nexport QOLABA_API_KEY="k-1"\n')

    settings = Settings.read({"REDRAW_MAX_BATCH": "3"}, env_file)

    assert (settings.max_batch, settings.queue_max) == (3, 7)
    assert settings.qolaba_api_key is not None
    assert settings.qolaba_api_key.get_secret_value() == "k-1"


def test_empty_values_count_as_unset(tmp_path: Path) -> None:
    """`REDRAW_MAX_BATCH=` in either place leaves the default."""
    env_file = tmp_path / ".env"
    env_file.write_text("REDRAW_MAX_BATCH=\n")

    assert Settings.read({"REDRAW_MAX_BATCH": "  "}, env_file).max_batch == 4


def test_missing_file_is_no_mistake(tmp_path: Path) -> None:
    """There need be no `.env`."""
    assert Settings.read({}, tmp_path / ".env").max_batch == 4


def test_unreadable_file_is_a_mistake(tmp_path: Path) -> None:
    """A `.env` that is no text is named instead of ignored."""
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"\xff\xfe\x00A=1")

    with pytest.raises(SettingsError, match=r"\.env"):
        Settings.read({}, env_file)


def test_settings_do_not_change() -> None:
    """Settings are frozen."""
    settings = Settings.read({})

    with pytest.raises(ValueError, match="frozen"):
        settings.max_batch = 8  # type: ignore[misc]  # what must fail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDRAW_HTTP_PORT", "eighty"),
        ("REDRAW_HTTP_PORT", "70000"),
        ("REDRAW_MAX_BATCH", "9"),
        ("REDRAW_MAX_BATCH", "0"),
        ("REDRAW_JOB_DEADLINE_S", "-1"),
        ("REDRAW_RETENTION_DAYS", "1.5"),
        ("REDRAW_LOG_FORMAT", "xml"),
        ("REDRAW_PUBLIC_URL", "example.org"),
        ("REDRAW_PUBLIC_URL", "ftp://example.org"),
        ("REDRAW_PUBLIC_URL", "https://ada:pw-9f2@example.org"),
        ("REDRAW_PUBLIC_URL", "https://example.org:port"),
        ("REDRAW_PUBLIC_URL", "https://example.org/?a=b"),
        ("QOLABA_API_URL", "https://"),
        ("QOLABA_API_KEY", "two words"),
        ("QOLABA_API_KEY", "schlüssel"),
        ("REDRAW_MEDIA_URL", "http://example.org"),
        ("REDRAW_DATABASE_URL", "postgresql://ada:pw-9f2@[x/redraw"),
        ("REDRAW_MEDIA_URL", "s3://[bucket"),
        ("REDRAW_BROKER_URL", "ftp://ada:pw-9f2@localhost"),
        ("REDRAW_DATA_DIR", "~nobody-of-that-name/redraw"),
        ("REDRAW_DATABASE_URL", "mysql://ops:pw-9f2@localhost/x"),
        ("REDRAW_ADMINS", "ada"),
        ("REDRAW_ALLOWED_PLACES", "discord:"),
        ("REDRAW_ALLOWED_PLACES", "discord:#general"),
        ("REDRAW_ADMINS", "discord:@ada"),
        ("DISCORD_TOKEN", "Bot pw-9f2"),
        ("DISCORD_API_URL", "discord.com/api/v10"),
        ("DISCORD_API_URL", "https://ada:pw-9f2@proxy.example.org/api/v10"),
        ("DISCORD_GATEWAY_URL", "https://gateway.example.org"),
        ("DISCORD_GATEWAY_URL", "wss://gateway.example.org:port"),
        ("DISCORD_CDN_URL", "wss://cdn.example.org"),
        ("SLACK_BOT_TOKEN", "xapp-1-pw-9f2"),
        ("SLACK_BOT_TOKEN", "xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-1 pw-9f2"),
        ("SLACK_BOT_TOKEN", "xoxp-pw-9f2"),
        ("SLACK_APP_TOKEN", "xoxb-pw-9f2"),
        ("SLACK_SIGNING_SECRET", "pw-9f2 pw-9f2"),
        ("SLACK_API_URL", "slack.com/api/"),
        ("SLACK_API_URL", "https://ada:pw-9f2@proxy.example.org/api/"),
    ],
)
def test_bad_value_names_its_variable_and_is_not_shown(name: str, value: str) -> None:
    """A value that cannot work is refused in one sentence with the variable, not the value."""
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: value})

    assert caught.value.variable == name
    assert "\n" not in str(caught.value)
    assert "pw-9f2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_are_not_in_any_repr() -> None:
    """No way of printing the settings shows a key or a password."""
    settings = Settings.read(
        {
            "QOLABA_API_KEY": "k-secret",
            "DISCORD_TOKEN": "d-secret",
            "SLACK_BOT_TOKEN": "xoxb-secret",
            "SLACK_APP_TOKEN": "xapp-secret",
            "SLACK_SIGNING_SECRET": "s-secret",
            "REDRAW_DATABASE_URL": "postgresql+psycopg://ada:pw-secret@localhost/redraw",
            "REDRAW_BROKER_URL": "redis://:pw-broker@localhost",
        }
    )

    shown = f"{settings!r} {settings} {settings.model_dump()}"

    assert "-secret" not in shown
    assert "pw-broker" not in shown


def test_secrets_are_known_to_the_log() -> None:
    """The values to be masked are keys, tokens and the passwords inside addresses."""
    settings = Settings.read(
        {
            "QOLABA_API_KEY": " k-secret ",
            "DISCORD_TOKEN": "d-secret",
            "SLACK_BOT_TOKEN": "xoxb-secret",
            "SLACK_APP_TOKEN": " xapp-secret ",
            "SLACK_SIGNING_SECRET": "s-secret",
            "REDRAW_DATABASE_URL": "postgresql+psycopg://ada:pw-secret@localhost/redraw",
            "REDRAW_MEDIA_URL": "s3://bucket/prefix",
        }
    )

    of_slack = {"xoxb-secret", "xapp-secret", "s-secret"}
    assert set(settings.secrets) == {"k-secret", "d-secret", "pw-secret", *of_slack}


@pytest.mark.parametrize(
    ("name", "start"), [("SLACK_BOT_TOKEN", "xoxb-"), ("SLACK_APP_TOKEN", "xapp-")]
)
def test_tokens_of_slack_are_told_apart(name: str, start: str) -> None:
    """Slack shows several tokens: whoever takes the wrong one is told which page has the right."""
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: "xoxe-1-pw-9f2"})

    assert start in caught.value.reason
    assert " on " in caught.value.reason


def test_addresses_lose_their_last_slash() -> None:
    """Paths are appended to addresses, so a slash at the end is dropped."""
    settings = Settings.read({"REDRAW_PUBLIC_URL": "https://example.org/redraw/"})

    assert settings.public_url == "https://example.org/redraw"


def test_lists_are_words_between_commas() -> None:
    """Places and admins are written between commas, with or without spaces."""
    settings = Settings.read({"REDRAW_ADMINS": "discord:1, slack:U2 ,"})

    assert settings.admins == ("discord:1", "slack:U2")


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"HOME": "/home/ada"}, "linux", "/home/ada/.local/share/redraw"),
        ({"HOME": "/home/ada", "XDG_DATA_HOME": "/data"}, "linux", "/data/redraw"),
        ({"HOME": "/home/ada", "XDG_DATA_HOME": "data"}, "linux", "/home/ada/.local/share/redraw"),
        ({"HOME": "/Users/ada"}, "darwin", "/Users/ada/Library/Application Support/redraw"),
    ],
    ids=["home", "xdg", "relative xdg is ignored", "mac"],
)
def test_data_folder_is_where_users_keep_data(
    environ: dict[str, str], platform: str, expected: str
) -> None:
    """Each system has its usual place for data."""
    assert default_data_dir(environ, platform) == Path(expected)


def test_names_are_the_usual_ones() -> None:
    """The vendors' settings have the vendors' names, ours have our prefix."""
    assert variable("qolaba_api_key") == "QOLABA_API_KEY"
    assert variable("discord_token") == "DISCORD_TOKEN"
    assert variable("slack_bot_token") == "SLACK_BOT_TOKEN"
    assert variable("data_dir") == "REDRAW_DATA_DIR"


def test_typing_mistakes_are_found() -> None:
    """A variable with our prefix that sets nothing is worth a warning."""
    environ = {"REDRAW_MAXBATCH": "2", "REDRAW_MAX_BATCH": "2", "HOME": "/"}

    assert unknown_variables(environ) == ("REDRAW_MAXBATCH",)
