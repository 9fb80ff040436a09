"""What a batch may be ordered for, and what becomes of the credits of one that is never made."""

from typing import Any

import pytest
from protocol.records import BatchRecord

from backoffice.db import transaction
from backoffice.models import Master
from tests.host.backoffice.issuing.shop import ISSUER_PIN, Shop
from tests.host.backoffice.issuing.test_white_and_batch import WRONG_PIN, torn_batch_card
from tests.host.backoffice.support import NOW, HandClock

SOON, LATER = NOW + 3600, NOW + 7200
CREDIT_LIMIT = 1 << 32


def wish(shop: Shop, count: int = 5, **more: int) -> dict[str, Any]:
    return {"white_id": shop.white_id, "machine_id": shop.machine_id, "count": count, **more}


def order(shop: Shop, seen: dict[str, Any], status: int = 202, **more: int) -> dict[str, Any]:
    """What was looked at, ordered; the job, or the error."""
    body = wish(shop, seen["count"], **more) | {"device_id": shop.child_issuer_id, "pin": ISSUER_PIN}
    answer = shop.client.post("/api/v1/issuing/batch", json=body | {"confirmation": seen["confirmation"]})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def white_card(shop: Shop, quota: int, **more: int) -> int:
    """The number of a new white card, which is the shop's from now on."""
    shop.white = shop.blank()
    shop.master_issuer.show(shop.white)
    body = {"device_id": shop.master_issuer_id, "count": 1, "quota": quota, "issuer_pin": ISSUER_PIN, **more}
    shop.finished(shop.post("/issuing/white", 202, **body)["id"])
    shop.white_id = int(shop.get("/issuing/white")["items"][0]["id"])
    return shop.white_id


def unfinished(shop: Shop, count: int = 5) -> dict[str, Any]:
    """A batch for which the white card's PIN was wrong: nothing is drawn yet."""
    shop.child_issuer.box.clear()
    shop.child_issuer.show(shop.white)
    return shop.finished(shop.order_batch(count, pin=WRONG_PIN)["id"], "paused")


def go_on(shop: Shop, job: dict[str, Any], state: str = "done") -> dict[str, Any]:
    shop.child_issuer.box.clear()
    shop.batch = shop.blank()
    shop.child_issuer.show(shop.white, shop.batch)
    shop.resume(job["id"])
    return shop.finished(job["id"], state)


def orders_of(shop: Shop) -> list[str]:
    return [command["kind"] for command in shop.get(f"/machines/{shop.machine_id}/commands")["items"]]


# What is looked at, and confirmed


def test_every_credit_of_a_white_card_can_be_issued_and_no_more(batch_shop: Shop) -> None:
    assert batch_shop.post("/issuing/batch/preview", **wish(batch_shop, 95))["credits_left"] == 95
    assert batch_shop.refused("/issuing/batch/preview", "quota_exhausted", **wish(batch_shop, 96))["left"] == 95


def test_a_batch_ends_with_its_white_card_at_the_latest(batch_shop: Shop) -> None:
    white_card(batch_shop, 10, expires=LATER)
    for given, found in ((0, LATER), (SOON, SOON), (LATER + 60, LATER)):
        assert batch_shop.post("/issuing/batch/preview", **wish(batch_shop, expires=given))["expires"] == found


def test_what_would_have_ended_already_is_not_issued(batch_shop: Shop, clock: HandClock) -> None:
    body = {"device_id": batch_shop.master_issuer_id, "count": 1, "quota": 10, "issuer_pin": ISSUER_PIN}
    batch_shop.refused("/issuing/white", "invalid_input", **body, expires=NOW)
    batch_shop.refused("/issuing/batch/preview", "invalid_input", **wish(batch_shop, expires=NOW))
    white_card(batch_shop, 10, expires=SOON)
    clock.now = SOON
    batch_shop.refused("/issuing/batch/preview", "wrong_state", **wish(batch_shop))


def provisioned_again(shop: Shop) -> None:
    device = next(device for device in shop._devices if device.machine_id == shop.machine_id)
    device.show(shop.master)
    shop.post("/authority/provision", device_id=shop.device_id(device), machine_id=shop.machine_id)


def test_what_was_confirmed_has_to_be_so_still(batch_shop: Shop) -> None:
    seen = batch_shop.post("/issuing/batch/preview", **wish(batch_shop))
    provisioned_again(batch_shop)
    assert order(batch_shop, seen, 409)["error"]["code"] == "confirmation_stale"


def test_the_end_of_a_batch_is_confirmed_too(batch_shop: Shop) -> None:
    seen = batch_shop.post("/issuing/batch/preview", **wish(batch_shop, expires=SOON))
    assert order(batch_shop, seen, 409, expires=LATER)["error"]["code"] == "confirmation_stale"


def test_batches_are_for_swipe_machines_that_are_in_use(batch_shop: Shop) -> None:
    issuer = batch_shop.child_issuer.machine_id
    place = batch_shop.get("/institutions")["items"][0]["id"]
    new = batch_shop.post("/machines", 201, role="swipe", name="New", institution_id=place)["id"]
    for machine_id, code in ((issuer, "invalid_input"), (new, "wrong_state"), (999, "not_found")):
        batch_shop.refused("/issuing/batch/preview", code, **wish(batch_shop) | {"machine_id": machine_id})
    batch_shop.client.patch(f"/api/v1/machines/{batch_shop.machine_id}", json={"state": "retired"})
    batch_shop.refused("/issuing/batch/preview", "wrong_state", **wish(batch_shop))


def test_a_white_card_that_is_not_finished_issues_nothing(master_shop: Shop) -> None:
    master_shop.make_machine()
    master_shop.white.mishaps = ["removed_early"]
    master_shop.master_issuer.show(master_shop.white)
    job = master_shop.order_white(1, 10)
    master_shop.wait_until(job["id"], lambda found: found["torn"] == 1)
    master_shop.white_id = master_shop.get("/issuing/white")["items"][0]["id"]
    master_shop.refused("/issuing/batch/preview", "wrong_state", **wish(master_shop))
    master_shop.post(f"/issuing/jobs/{job['id']}/cancel")
    master_shop.finished(job["id"], "cancelled")
    master_shop.master_issuer.show(master_shop.white)
    master_shop.resume(job["id"])
    master_shop.finished(job["id"])
    assert master_shop.post("/issuing/batch/preview", **wish(master_shop))["credits_left"] == 10


def test_credits_go_on_under_a_new_master_card_and_old_white_cards_issue_nothing(batch_shop: Shop) -> None:
    """A number never means two exams."""
    batch_shop.post("/authority/master/1/retire", reason="lost in a taxi")
    assert batch_shop.get("/authority/session")["open"] is False
    batch_shop.refused("/issuing/batch/preview", "not_found", **wish(batch_shop))
    batch_shop.refused("/authority/master/1/retire", "wrong_state", reason="once more")
    batch_shop.master = batch_shop.blank()
    batch_shop.master_issuer.authority = None  # a new board: the old one knows the old master
    batch_shop.make_master()
    batch_shop.refused("/issuing/batch/preview", "wrong_state", **wish(batch_shop))
    with transaction(batch_shop.app.state.context.engine) as session:
        assert session.get_one(Master, 2).next_credit == 101


def test_credit_numbers_have_an_end(master_shop: Shop) -> None:
    with transaction(master_shop.app.state.context.engine) as session:
        session.get_one(Master, 1).next_credit = CREDIT_LIMIT - 10
    body = {"device_id": master_shop.master_issuer_id, "count": 1, "issuer_pin": ISSUER_PIN}
    assert master_shop.refused("/issuing/white", "quota_exhausted", **body, quota=11)["left"] == 10
    white_card(master_shop, 10)
    assert master_shop.refused("/issuing/white", "quota_exhausted", **body, quota=1)["left"] == 0


# Between the order and the card


def test_a_batch_for_an_epoch_that_ended_is_not_signed(batch_shop: Shop) -> None:
    job = unfinished(batch_shop)
    provisioned_again(batch_shop)
    assert go_on(batch_shop, job, "paused")["error_code"] == "confirmation_stale"
    assert (batch_shop.batch.kind, batch_shop.white.next_credit) == ("blank", 6)


def test_a_white_card_that_ended_meanwhile_signs_nothing(batch_shop: Shop, clock: HandClock) -> None:
    white_card(batch_shop, 10, expires=SOON)
    job = unfinished(batch_shop)
    clock.now = SOON + 1
    assert go_on(batch_shop, job, "paused")["error_code"] == "card_not_genuine"
    assert batch_shop.batch.kind == "blank"


def test_a_device_of_another_master_gets_no_card_and_no_pin(batch_shop: Shop) -> None:
    job, ours = unfinished(batch_shop), batch_shop.child_issuer.authority
    batch_shop.child_issuer.authority = bytes(64)
    assert go_on(batch_shop, job, "paused")["error_code"] == "wrong_device"
    batch_shop.child_issuer.authority = ours
    go_on(batch_shop, job)


def test_a_batch_that_was_drawn_and_torn_is_finished_later(batch_shop: Shop) -> None:
    """The white card's counter is beyond its first credit because this batch moved it."""
    torn_batch_card(batch_shop)
    job = batch_shop.get("/issuing/jobs")["items"][0]
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.batch)
    batch_shop.resume(job["id"])
    batch_shop.finished(job["id"])
    assert BatchRecord.decode(batch_shop.batch.record).batch.first_credit == 6
    assert batch_shop.white.next_credit == 11


def test_of_two_batches_the_later_one_may_be_made_first_and_ends_the_earlier(batch_shop: Shop) -> None:
    first, second = unfinished(batch_shop), unfinished(batch_shop)
    go_on(batch_shop, second)
    assert batch_shop.white.next_credit == 16
    assert go_on(batch_shop, first, "paused")["error_code"] == "draw_behind"
    batch_shop.post(f"/issuing/jobs/{first['id']}/abandon")
    go_on(batch_shop, unfinished(batch_shop))
    assert [batch["first_credit"] for batch in batch_shop.get("/issuing/batch")["items"]] == [16, 11, 6, 1]


@pytest.mark.parametrize(("drawn", "following"), [(7, 11), (60, 60), (500, 101)])
def test_what_the_white_card_has_drawn_is_never_issued_again(batch_shop: Shop, drawn: int, following: int) -> None:
    """However little of it, and whatever the card says: no credit beyond its quota, none before what is ordered."""
    job = unfinished(batch_shop)
    batch_shop.white.next_credit = drawn
    assert go_on(batch_shop, job, "paused")["error_code"] == "draw_behind"
    (white,) = batch_shop.get("/issuing/white")["items"]
    assert (white["next_credit"], white["left"]) == (following, 101 - following)


# Given up


def test_credits_that_were_never_drawn_go_back(batch_shop: Shop) -> None:
    job = unfinished(batch_shop)
    batch_shop.post(f"/issuing/jobs/{job['id']}/abandon")
    batches = batch_shop.get("/issuing/batch")["items"]
    assert [(batch["id"], batch["state"]) for batch in batches] == [(2, "cancelled"), (1, "signed")]
    assert orders_of(batch_shop) == [], "no machine ever had it"
    go_on(batch_shop, unfinished(batch_shop))
    assert BatchRecord.decode(batch_shop.batch.record).batch.first_credit == 6


def test_credits_before_others_that_were_taken_do_not_go_back(batch_shop: Shop) -> None:
    first, second = unfinished(batch_shop), unfinished(batch_shop)
    batch_shop.post(f"/issuing/jobs/{first['id']}/abandon")
    go_on(batch_shop, second)
    go_on(batch_shop, unfinished(batch_shop))
    assert [batch["first_credit"] for batch in batch_shop.get("/issuing/batch")["items"]] == [16, 11, 6, 1]


def test_credits_that_were_drawn_do_not_go_back(batch_shop: Shop) -> None:
    torn_batch_card(batch_shop)
    job = batch_shop.get("/issuing/jobs")["items"][0]
    batch_shop.post(f"/issuing/jobs/{job['id']}/abandon")
    assert orders_of(batch_shop) == ["revoke_batch"]
    go_on(batch_shop, unfinished(batch_shop))
    assert BatchRecord.decode(batch_shop.batch.record).batch.first_credit == 11
