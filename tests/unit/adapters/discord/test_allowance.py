"""How large the files of a message may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.allowance import (
    FILE_MAX_BYTES,
    REQUEST_MAX_BYTES,
    Allowance,
    allowance,
    halved,
    shares,
)
from adapters.discord.outgoing import Attached

SIZES = st.lists(st.integers(1, 40 * 2**20), min_size=1, max_size=10)


def test_a_requesters_own_limit_is_not_the_bots() -> None:
    assert allowance(500 * 2**20).each_bytes == FILE_MAX_BYTES
    assert allowance(2**20).each_bytes == 2**20
    assert allowance(2**20).all_bytes == REQUEST_MAX_BYTES


@given(SIZES)
def test_shares_stay_within_both_limits(sizes: list[int]) -> None:
    allowed = Allowance(each_bytes=10 * 2**20, all_bytes=24 * 2**20)
    each = shares(sizes, allowed)
    assert max(each) <= allowed.each_bytes
    assert sum(map(min, sizes, each)) <= allowed.all_bytes


@given(SIZES)
def test_what_fits_as_it_is_may_stay(sizes: list[int]) -> None:
    allowed = Allowance(each_bytes=max(sizes), all_bytes=sum(sizes))
    assert all(size <= most for size, most in zip(sizes, shares(sizes, allowed), strict=True))


def test_small_files_leave_room_for_large_ones() -> None:
    assert shares([50, 1, 50], Allowance(each_bytes=90, all_bytes=61)) == (30, 20, 30)


def test_half_is_half_of_what_was_too_large() -> None:
    files = [Attached(name="a", data=bytes(8)), Attached(name="b", data=bytes(4))]
    assert halved(files) == Allowance(each_bytes=4, all_bytes=6)
