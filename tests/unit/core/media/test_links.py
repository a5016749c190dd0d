"""Signed links: what they entitle to, and what does not open them."""

from __future__ import annotations

import itertools
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AddressRefused, Gone
from core.media.links import LinkClaim, link, read, sign

KEY = b"k" * 32
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
JOB = "01KABCDEFGHJKMNPQRSTVWXYZ0"
NAME = "a" * 64 + ".jpg"
URL_SAFE = set(string.ascii_letters + string.digits + "-_.")


def token(expires_at: datetime = LATER, key: bytes = KEY) -> str:
    return sign(key, job_id=JOB, name=NAME, expires_at=expires_at)


def test_a_link_gives_back_its_claim() -> None:
    """What was signed is what is read."""
    assert read(KEY, token(), NOW) == LinkClaim(job_id=JOB, name=NAME, expires_at=LATER)


def test_a_link_is_one_url() -> None:
    """The link is the web server's address, the token and the picture's name."""
    assert (
        link("https://bot.example/", KEY, job_id=JOB, name=NAME, expires_at=LATER)
        == f"https://bot.example/media/{token()}/{NAME}"
    )


def test_a_token_needs_no_escaping() -> None:
    """A token may stand in a path as it is."""
    assert set(token()) <= URL_SAFE


@pytest.mark.parametrize(
    ("now", "is_alive"),
    [
        (LATER - timedelta(microseconds=1), True),
        (LATER, False),
        (LATER + timedelta(days=1), False),
    ],
)
def test_a_link_dies_at_its_instant(now: datetime, *, is_alive: bool) -> None:
    """Up to the instant it works, from then on it is Gone."""
    if is_alive:
        assert read(KEY, token(), now).name == NAME
        return
    with pytest.raises(Gone):
        read(KEY, token(), now)


def test_a_fraction_of_a_second_is_given_rather_than_taken() -> None:
    """Expiry is kept in whole seconds, rounded up."""
    claim = read(KEY, token(LATER + timedelta(milliseconds=1)), NOW)

    assert claim.expires_at == LATER + timedelta(seconds=1)


def test_another_key_does_not_open_it() -> None:
    """A token signed elsewhere is refused."""
    with pytest.raises(AddressRefused):
        read(b"x" * 32, token(), NOW)


def test_an_expired_link_of_another_key_is_refused() -> None:
    """Whether it has expired is told only about links that were signed here."""
    with pytest.raises(AddressRefused):
        read(b"x" * 32, token(NOW), NOW)


def test_another_picture_is_not_opened() -> None:
    """A link opens the picture it was signed for."""
    assert read(KEY, token(), NOW, name=NAME).name == NAME
    with pytest.raises(AddressRefused):
        read(KEY, token(), NOW, name="b" * 64 + ".jpg")
    with pytest.raises(AddressRefused):
        read(KEY, token(), NOW, name="\ud800")


def test_no_letter_can_be_changed() -> None:
    """Every letter of a token counts, the last bits of each part included."""
    good = token()
    for at, letter in itertools.product(range(len(good)), URL_SAFE):
        changed = good[:at] + letter + good[at + 1 :]
        if changed != good:
            with pytest.raises(AddressRefused):
                read(KEY, changed, NOW)


@given(st.text(max_size=300))
def test_any_text_is_refused(text: str) -> None:
    """What is no token is refused, in whatever way it is not."""
    with pytest.raises(AddressRefused):
        read(KEY, text, NOW)


def test_a_token_that_is_too_long_is_refused() -> None:
    """Nobody makes us compute over megabytes."""
    with pytest.raises(AddressRefused):
        read(KEY, sign(KEY, job_id="j" * 2000, name=NAME, expires_at=LATER), NOW)


def test_the_key_is_not_in_the_token() -> None:
    """A token does not carry its key, and a short key is a mistake."""
    secret = b"correct horse battery staple"

    assert secret.decode() not in token(key=secret)
    with pytest.raises(ValueError, match="at least 16 bytes"):
        token(key=b"short")
