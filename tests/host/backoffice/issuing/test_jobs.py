"""What may be done with an issuing job, and when: each state lets through what makes sense in it, and nothing else."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.app import create_app
from backoffice.db import transaction
from backoffice.issuing import service
from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.shop import ISSUER_PIN, Shop
from tests.host.backoffice.issuing.test_batch_orders import orders_of, provisioned_again, unfinished
from tests.host.backoffice.issuing.test_white_and_batch import torn_batch_card
from tests.host.backoffice.support import NOW, ORIGIN, HandClock

BEGIN = {"pin": ISSUER_PIN}


@pytest.fixture
def cards(batch_shop: Shop) -> list[FakeCard]:
    return batch_shop.blanks(5)


def stopped_after(shop: Shop, cards: list[FakeCard]) -> int:
    """A job that wrote these and was cancelled."""
    shop.child_issuer.show(shop.batch, *cards)
    job_id = shop.order_one_time()
    shop.wait_until(job_id, lambda job: job["written"] == len(cards) and job["step"] == "show_blank")
    shop.post(f"/issuing/jobs/{job_id}/cancel")
    shop.finished(job_id, "cancelled")
    return job_id


def test_what_is_done_stays_done(batch_shop: Shop, cards: list[FakeCard]) -> None:
    batch_shop.child_issuer.show(batch_shop.batch, *cards)
    job = batch_shop.finished(batch_shop.order_one_time())
    for way, body in (("resume", BEGIN), ("cancel", {}), ("abandon", {})):
        batch_shop.refused(f"/issuing/jobs/{job['id']}/{way}", "wrong_state", **body)
    written = batch_shop.get("/cards?level=one_time")["items"][0]["id"]
    batch_shop.refused(f"/issuing/cards/{written}/give-up", "wrong_state")
    assert batch_shop.get(f"/issuing/jobs/{job['id']}") == job


def test_a_job_at_work_is_not_begun_again_elsewhere_nor_abandoned(batch_shop: Shop) -> None:
    _second, second_id = batch_shop.plug_in("child_issuer")
    job_id = batch_shop.order_one_time()
    batch_shop.refused(f"/issuing/jobs/{job_id}/resume", "wrong_state", device_id=second_id, **BEGIN)
    batch_shop.refused(f"/issuing/jobs/{job_id}/abandon", "wrong_state")
    batch_shop.post(f"/issuing/jobs/{job_id}/cancel")
    assert batch_shop.finished(job_id, "cancelled")["planned"] == 5


def test_a_job_goes_on_at_another_device(batch_shop: Shop, cards: list[FakeCard]) -> None:
    job_id = stopped_after(batch_shop, cards[:2])
    second, second_id = batch_shop.plug_in("child_issuer")
    batch_shop.provision(second, "child_issuer")
    second.show(batch_shop.batch, *cards[2:])
    batch_shop.post(f"/issuing/jobs/{job_id}/resume", 202, device_id=second_id, **BEGIN)
    job = batch_shop.finished(job_id)
    assert (job["written"], job["device_id"]) == (5, second_id)


def test_what_an_abandoned_job_never_wrote_is_revoked_nowhere(batch_shop: Shop, cards: list[FakeCard]) -> None:
    """No plastic has it. What is torn may be whole."""
    cards[1].mishaps = ["removed_early"]
    batch_shop.child_issuer.show(batch_shop.batch, *cards[:2])
    job_id = batch_shop.order_one_time()
    batch_shop.wait_until(job_id, lambda job: job["torn"] == 1)
    batch_shop.post(f"/issuing/jobs/{job_id}/cancel")
    batch_shop.finished(job_id, "cancelled")
    job = batch_shop.post(f"/issuing/jobs/{job_id}/abandon")
    assert (job["state"], job["written"], job["voided"], job["error_code"]) == ("done", 1, 4, "abandoned")
    commands = batch_shop.get(f"/machines/{batch_shop.machine_id}/commands")["items"]
    assert [command["args"] for command in commands] == [[batch_shop.batch_id, 2]]


def test_a_server_that_stops_leaves_its_job_to_be_resumed(batch_shop: Shop, app: FastAPI) -> None:
    batch_shop.child_issuer.calls.clear()
    job_id = batch_shop.order_one_time()
    batch_shop.wait_until(job_id, lambda _job: "card.wait" in batch_shop.child_issuer.calls)
    running = app.state.workshop.jobs[job_id]
    app.state.workshop.close()
    assert running.ended.wait(10)
    job = batch_shop.get(f"/issuing/jobs/{job_id}")
    assert (job["state"], job["error_code"]) == ("paused", "server_stopped")


def test_a_server_that_was_killed_says_so_when_it_starts(batch_shop: Shop, app: FastAPI) -> None:
    job_id = stopped_after(batch_shop, batch_shop.blanks(1))
    with transaction(app.state.context.engine) as session:  # as the end of the process leaves it
        service.find_job(session, job_id).state = service.RUNNING
    again = create_app(app.state.context.settings, app.state.context.clock)
    client = TestClient(again, base_url=ORIGIN, cookies=batch_shop.client.cookies)
    job = client.get(f"/api/v1/issuing/jobs/{job_id}").json()
    assert (job["state"], job["error_code"], job["planned"]) == ("paused", "server_restarted", 4)
    again.state.context.close()


# Whether the cards of a batch may be made


def test_no_cards_for_a_batch_card_that_is_not_finished(batch_shop: Shop) -> None:
    torn_batch_card(batch_shop)
    body = {"device_id": batch_shop.child_issuer_id, "batch_id": 2, **BEGIN}
    batch_shop.refused("/issuing/one-time", "wrong_state", **body)


def test_no_cards_for_a_machine_that_would_refuse_them(batch_shop: Shop) -> None:
    provisioned_again(batch_shop)
    body = {"device_id": batch_shop.child_issuer_id, "batch_id": batch_shop.batch_id, **BEGIN}
    batch_shop.refused("/issuing/one-time", "wrong_state", **body)
    assert batch_shop.get("/cards?level=one_time")["items"] == []


def test_the_cards_of_one_batch_are_not_made_with_another_batchs_card(batch_shop: Shop) -> None:
    first = batch_shop.batch
    batch_shop.batch = batch_shop.blank()
    batch_shop.make_batch(count=3)
    batch_shop.child_issuer.show(first)
    job_id = batch_shop.order_one_time()
    assert batch_shop.finished(job_id, "paused")["error_code"] == "wrong_card"


def test_a_batch_that_ended_meanwhile_makes_no_cards(batch_shop: Shop, clock: HandClock) -> None:
    wish = {"white_id": batch_shop.white_id, "machine_id": batch_shop.machine_id, "count": 3, "expires": NOW + 60}
    seen = batch_shop.post("/issuing/batch/preview", **wish)
    batch_shop.batch = batch_shop.blank()
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.batch)
    body = wish | {"device_id": batch_shop.child_issuer_id, "confirmation": seen["confirmation"], **BEGIN}
    job = batch_shop.post("/issuing/batch", 202, **body)
    batch_shop.finished(job["id"])
    batch_shop.batch_id = job["batch_id"]
    clock.now += 61
    batch_shop.child_issuer.show(batch_shop.batch, batch_shop.blank())
    assert batch_shop.finished(batch_shop.order_one_time(), "paused")["error_code"] == "card_not_genuine"


def test_a_device_of_another_master_makes_no_cards(batch_shop: Shop) -> None:
    batch_shop.child_issuer.authority = bytes(64)
    job_id = batch_shop.order_one_time()
    assert batch_shop.finished(job_id, "paused")["error_code"] == "wrong_device"


def test_a_torn_card_of_another_job_is_left_alone(batch_shop: Shop, cards: list[FakeCard]) -> None:
    """It belongs to its own: finished in this one, a batch would have two cards of one credit, and the other none."""
    cards[0].mishaps = ["removed_early"]
    batch_shop.child_issuer.show(batch_shop.batch, cards[0])
    first = batch_shop.order_one_time()
    batch_shop.wait_until(first, lambda job: job["torn"] == 1)
    batch_shop.post(f"/issuing/jobs/{first}/cancel")
    batch_shop.finished(first, "cancelled")
    batch_shop.batch = batch_shop.blank()
    batch_shop.make_batch(count=2)
    batch_shop.child_issuer.show(batch_shop.batch, cards[0], *cards[3:])
    job = batch_shop.finished(batch_shop.order_one_time())
    assert (job["written"], cards[0].kind, cards[0].writes) == (2, "torn", 1)
    assert batch_shop.get(f"/issuing/jobs/{first}")["torn"] == 1


def test_given_up_before_it_was_drawn_is_no_order_to_any_machine(batch_shop: Shop) -> None:
    unfinished(batch_shop)
    planned = batch_shop.get("/cards?level=batch&state=planned")["items"][0]["id"]
    batch_shop.post(f"/issuing/cards/{planned}/give-up")
    assert orders_of(batch_shop) == []
