"""A job's walk from order to delivery, over SQLite, files and sockets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import (
    DeliveryRefused,
    DeliveryRetryable,
    Gone,
    MediaUnavailable,
    Rejection,
    WrongType,
)
from core.jobs.gate import PROBE_FIRST_S
from core.jobs.herald import GAP_S
from core.jobs.job import CHECK_AGAIN_DEADLINE_S
from core.jobs.lifecycle import DeliveryKind, Reason, State
from core.media.decoding import Decoder
from core.media.item import Kind
from tests.fakes.provider_script import Fault, Script
from tests.fakes.rig import REFERENCE, open_rig

FASTER = 200.0
"""For tests in which minutes pass."""
SLOW, SLOWER = 20.0, 10.0
"""For tests in which a job must not run out of time, however long the machine stands still."""
WAITING = {State.QUEUED, State.SUBMITTING}
"""States of a job that is not submitted, or probes just now."""
WHOLE_WALK = ["admitted", "prepared", "submit_claimed", "accepted", "produced", "collected"]


async def test_job_is_redrawn_and_delivered_once(tmp_path: Path) -> None:
    """From an order to a picture: one submit, a card, a result, the card's last edit."""
    async with open_rig(tmp_path, decoder=Decoder()) as rig:
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert job.state is State.READY
        assert rig.provider.count() == 1
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]
        assert rig.deliverer.last(job.job_id, DeliveryKind.RESULT).outputs == 1


async def test_job_goes_through_every_state_in_order(tmp_path: Path) -> None:
    """The history tells the whole walk, the card before the submit."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(pending_polls=2)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)
        changes = [change.event for change in await rig.ledger.history(job.job_id)]

        assert await rig.history(job.job_id) == WHOLE_WALK
        assert changes.index("sent") < changes.index("submit_claimed")


async def test_submit_has_the_prepared_picture_and_the_request(tmp_path: Path) -> None:
    """What is asked for is what was ordered, with an address made for the prepared picture."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        job = await rig.ended((await rig.order(prompt="a lino cut", batch=2)).job_id)
        body = rig.provider.submits[0].body

        assert (body["image"], body["prompt"], body["batch"]) == (REFERENCE, "a lino cut", 2)
        assert [item.kind for item in job.prepared] == [Kind.JPEG]


async def test_batch_arrives_in_order_under_honest_kinds(tmp_path: Path) -> None:
    """Four pictures, whatever their names and headers say."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(formats=("jpg", "png", "webp", "jpg"))
        await rig.start()
        job = await rig.ended((await rig.order(batch=4)).job_id)

        assert [item.kind for item in job.outputs] == [Kind.JPEG, Kind.PNG, Kind.WEBP, Kind.JPEG]
        assert rig.deliverer.last(job.job_id, DeliveryKind.RESULT).outputs == 4


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script(pictures=2), id="filtered-in-part"),
        pytest.param(Script(formats=("jpg", "html", "png")), id="one-is-a-web-page"),
        pytest.param(Script(formats=("jpg", "jpg", "empty")), id="one-is-empty"),
    ],
)
async def test_some_pictures_make_a_partial_result(tmp_path: Path, script: Script) -> None:
    """What came is delivered, and said to be less than asked for."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = script
        await rig.start()
        job = await rig.ended((await rig.order(batch=3)).job_id)

        assert (job.state, job.reason, len(job.outputs)) == (State.READY, Reason.PARTIAL, 2)


async def test_no_picture_means_filtered(tmp_path: Path) -> None:
    """SUCCESS with an empty result is a refusal of the filters."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(pictures=0)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason) == (State.FAILED, Reason.FILTERED)
        assert rig.deliverer.posts(job.job_id) == ["card", "notice", "card_final"]


@pytest.mark.parametrize("code", [200, 500])
async def test_remote_failure_is_told_with_its_reason(tmp_path: Path, code: int) -> None:
    """FAILED counts, whatever HTTP code it comes with."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(fails=True, code=code, error="Image URL Error")
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason, job.detail) == (
            State.FAILED, Reason.REMOTE_FAILED, Rejection.PICTURE,
        )  # fmt: skip


@pytest.mark.parametrize("fault", ["500", "502", "429", "malformed", "reset", "huge", "401"])
async def test_bad_answers_to_polls_do_not_end_a_job(tmp_path: Path, fault: str) -> None:
    """Whatever a poll is answered with, the next good answer counts."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_polls(fault, times=2)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, rig.provider.count()) == (State.READY, 1)


async def test_throttled_submit_is_made_again_later(tmp_path: Path) -> None:
    """429 means unread: the job waits as long as it is told to, and only one submit is accepted."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits("429", times=2)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert job.state is State.READY
        assert (rig.provider.count(), rig.provider.count(accepted=True)) == (3, 1)
        assert await rig.history(job.job_id) == [
            "admitted", "prepared",
            "submit_claimed", "not_sent", "submit_claimed", "not_sent",
            "submit_claimed", "accepted", "produced", "collected",
        ]  # fmt: skip


@pytest.mark.parametrize("fault", ["close", "reset", "cut", "500", "502", "408", "malformed"])
async def test_submit_of_unknown_outcome_is_never_repeated(tmp_path: Path, fault: str) -> None:
    """One POST, one notice, and the job is uncertain, also after a restart."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits(fault)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)
        await rig.restart()
        await rig.clock.sleep(5.0)

        assert (job.state, job.reason) == (State.UNCERTAIN, Reason.OUTCOME_UNKNOWN)
        assert rig.provider.count() == 1
        assert rig.deliverer.posts(job.job_id) == ["card", "notice", "card_final"]


async def test_refused_request_fails_uncharged(tmp_path: Path) -> None:
    """A FAILED envelope at submit says why."""
    failed = Fault(
        code=500,
        headers={"Content-Type": "application/json"},
        body=b'{"status": "FAILED", "error": "Service Not Found", "error_data": ""}',
    )
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits(failed)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason, job.detail) == (
            State.FAILED, Reason.REJECTED, Rejection.MODEL,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("401", "credentials"), ("402", "credits"), ("403", "credentials"), ("404", "address")],
)
async def test_misconfiguration_pauses_everybody_until_a_probe_succeeds(
    tmp_path: Path, fault: str, cause: str
) -> None:
    """One alarm; jobs stay queued and say why; one probe, then all go on."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_submits(fault, times=1_000)
        began_s = rig.clock.monotonic_s()
        await rig.start()
        first = await rig.order()
        await rig.eventually(lambda: rig.alarms)
        others = [await rig.order() for _ in range(3)]
        await rig.eventually(
            lambda: (
                {shown.job_id for shown in rig.deliverer.shown if shown.detail == cause}
                >= {job.job_id for job in (first, *others)}
            )
        )
        assert {(await rig.queue.get(job.job_id)).state for job in (first, *others)} <= WAITING
        submits = rig.provider.count()
        probes_max = (rig.clock.monotonic_s() - began_s) // PROBE_FIRST_S
        assert 1 <= submits <= 1 + probes_max
        rig.provider.heal()
        ended = [await rig.ended(job.job_id) for job in (first, *others)]

        assert [job.state for job in ended] == [State.READY] * 4
        assert (rig.alarms, rig.provider.count(accepted=True)) == ([cause], 4)


async def test_queued_job_expires_unsent(tmp_path: Path) -> None:
    """A pause that lasts longer than the job's time ends it at no cost."""
    async with open_rig(tmp_path, deadline_s=160.0) as rig:
        rig.provider.fail_submits("401", times=100)
        await rig.start()
        jobs = [await rig.order() for _ in range(2)]
        ended = [await rig.ended(job.job_id) for job in jobs]

        assert [(job.state, job.reason) for job in ended] == [
            (State.EXPIRED, Reason.NOT_SUBMITTED)
        ] * 2
        assert rig.provider.count(accepted=True) == 0


async def test_pending_for_ever_expires_and_can_be_checked_again(tmp_path: Path) -> None:
    """Our deadline ends it; Check again finds what came later, at no second submit."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        job = await rig.order()
        rig.deadline_s = 30.0  # of what is accepted; to get there it has longer
        await rig.start()
        job = await rig.ended(job.job_id)
        assert (job.state, job.reason) == (State.EXPIRED, Reason.DEADLINE)

        rig.provider.release()
        checked = await rig.queue.check_again(job.job_id)
        job = await rig.ended(job.job_id)

        assert checked is not None
        assert (job.state, rig.provider.count()) == (State.READY, 1)
        assert rig.deliverer.posts(job.job_id) == [
            "card", "notice", "card_final", "result", "card_final",
        ]  # fmt: skip


async def test_checking_again_in_vain_expires_again(tmp_path: Path) -> None:
    """Five minutes more, and then it is said once more."""
    async with open_rig(tmp_path, rate=FASTER) as rig:
        rig.provider.default = Script(held=True)
        job = await rig.order()
        rig.deadline_s = 30.0  # of what is accepted; to get there it has longer
        await rig.start()
        job = await rig.ended(job.job_id)
        asked_at = rig.clock.now()
        await rig.queue.check_again(job.job_id)
        job = await rig.ended(job.job_id)

        assert (job.state, job.seq) == (State.EXPIRED, 1)
        assert (rig.clock.now() - asked_at).total_seconds() >= CHECK_AGAIN_DEADLINE_S
        assert rig.deliverer.posts(job.job_id).count("notice") == 2


async def test_lost_results_are_asked_for_anew(tmp_path: Path) -> None:
    """Addresses that are dead are looked up once more before the pictures count as lost."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(picture_code=404)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason) == (State.FAILED, Reason.OUTPUTS_LOST)
        assert rig.provider.polls[job.remote_task_id or ""] == 2
        assert job.can_check_again(rig.clock.now())


async def test_results_that_cannot_be_had_now_are_tried_again(tmp_path: Path) -> None:
    """A file host that is down for a while costs nothing but time."""
    async with open_rig(tmp_path) as rig:
        rig.provider.fail_pictures("502", times=5)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, rig.provider.count()) == (State.READY, 1)


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        pytest.param(Gone(), "gone", id="gone"),
        pytest.param(WrongType("a PDF"), "wrong_type", id="no-picture"),
    ],
)
async def test_refused_picture_is_told_and_nothing_is_submitted(
    tmp_path: Path, error: Exception, detail: str
) -> None:
    """The card is posted in its final form, and its last edit is not needed."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("fetch", error)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason, job.detail) == (State.FAILED, Reason.PICTURE, detail)
        assert rig.deliverer.posts(job.job_id) == ["card", "notice"]
        assert rig.provider.count() == 0


async def test_picture_that_cannot_be_had_now_is_fetched_again(tmp_path: Path) -> None:
    """Twice unavailable, then prepared."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer.fail("fetch", MediaUnavailable(), times=2)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, rig.deliverer.fetches) == (State.READY, 3)


async def test_preparing_gives_up_after_two_minutes(tmp_path: Path) -> None:
    """A picture that never comes ends the job, uncharged."""
    async with open_rig(tmp_path, rate=SLOW) as rig:
        rig.deliverer.fail("fetch", MediaUnavailable(), times=1000)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason) == (State.FAILED, Reason.NOT_PREPARED)
        assert 4 <= rig.deliverer.fetches <= 9


async def test_place_that_refuses_the_card_gets_no_submit(tmp_path: Path) -> None:
    """No card, no submit: only the notice is tried, for a private word."""
    async with open_rig(tmp_path) as rig:
        rig.deliverer.fail("card", DeliveryRefused("not_in_channel"))
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, job.reason) == (State.FAILED, Reason.NO_PLACE)
        assert rig.deliverer.posts(job.job_id) == ["notice"]
        assert rig.provider.count() == 0


async def test_card_is_posted_once_though_the_place_stumbles(tmp_path: Path) -> None:
    """A card that was put off is posted later; the picture is not prepared again for it."""
    async with open_rig(tmp_path, rate=SLOWER) as rig:
        rig.deliverer.fail("card", DeliveryRetryable(retry_after_s=3.0), times=2)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert (job.state, rig.deliverer.fetches) == (State.READY, 1)
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]


async def test_job_that_was_never_acknowledged_is_withdrawn_on_start(tmp_path: Path) -> None:
    """Nobody was told of it, so nobody hears of it."""
    async with open_rig(tmp_path) as rig:
        job = (await rig.queue.submit(rig.an_order())).job
        await rig.start()
        job = await rig.ended(job.job_id)

        assert (job.state, job.reason) == (State.CANCELLED, Reason.UNACKED)
        assert rig.deliverer.posts(job.job_id) == []


async def test_refused_acknowledgement_withdraws_and_the_same_act_revives(tmp_path: Path) -> None:
    """A user who presses again gets the same job, and this time the pictures."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        order = rig.an_order()
        first = (await rig.queue.submit(order)).job
        await rig.queue.ack_refused(first.job_id)
        await rig.until(first.job_id, State.CANCELLED)
        second = (await rig.queue.submit(order)).job
        await rig.queue.acknowledged(second.job_id)
        job = await rig.ended(second.job_id)

        assert (job.job_id, job.state) == (first.job_id, State.READY)
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]


async def test_one_poisoned_job_does_not_stop_the_others(tmp_path: Path) -> None:
    """A bug that one job meets in preparing ends that job and no other."""
    async with open_rig(tmp_path, rate=FASTER) as rig:
        rig.deliverer.fail("fetch", ZeroDivisionError("a bug"), times=5)
        await rig.start()
        poisoned = await rig.order()
        await rig.eventually(lambda: rig.deliverer.fetches)
        poisoned = await rig.ended(poisoned.job_id)
        healthy = await rig.ended((await rig.order()).job_id)

        assert (poisoned.state, poisoned.reason) == (State.FAILED, Reason.NOT_PREPARED)
        assert healthy.state is State.READY


async def test_model_that_left_the_catalogue_is_refused_without_a_call(tmp_path: Path) -> None:
    """An order that outlived its model ends in words."""
    async with open_rig(tmp_path) as rig:
        await rig.start()
        order = rig.an_order()
        gone = replace(order, request=replace(order.request, model_id="flux-gone"))
        job = (await rig.queue.submit(gone)).job
        await rig.queue.acknowledged(job.job_id)
        job = await rig.ended(job.job_id)

        assert (job.reason, job.detail) == (Reason.REJECTED, Rejection.MODEL)
        assert rig.provider.count() == 0


async def test_platform_hosts_the_picture_where_we_cannot(tmp_path: Path) -> None:
    """Without a host of our own the deliverer's address is checked, and then submitted."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        rig.reference_urls = None
        rig.deliverer.urls = (f"{rig.provider.origin}/results/none/0.webp",)
        await rig.start()
        job = await rig.order()
        await rig.eventually(lambda: rig.provider.downloads)

        assert (await rig.until(job.job_id, State.FAILED)).detail == Rejection.PICTURE
        assert rig.provider.count() == 0


async def test_progress_is_shown_and_its_troubles_are_nobodys(tmp_path: Path) -> None:
    """Reports come while a job is on its way; one that breaks is dropped."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(held=True)
        rig.deliverer.fail("progress", DeliveryRetryable())
        rig.deliverer.fail("progress", ZeroDivisionError("a bug"))
        began_s = rig.clock.monotonic_s()
        await rig.start()
        job = await rig.order()
        await rig.eventually(
            lambda: [shown.state for shown in rig.deliverer.shown].count(State.RUNNING) >= 3
        )
        rig.provider.release()
        job = await rig.ended(job.job_id)
        passed_s = rig.clock.monotonic_s() - began_s

        assert job.state is State.READY
        assert len(rig.deliverer.shown) <= 1 + passed_s // GAP_S
