"""White cards from the master, batch cards from a white card."""

from fastapi import FastAPI
from protocol import chain, keys
from protocol.records import BatchRecord, WhiteRecord

from backoffice.authority import sealing
from backoffice.machines import service as machines
from tests.host.backoffice.issuing.shop import ISSUER_PIN, Shop

WRONG_PIN = "000000"


def test_white_cards_in_bulk_have_ranges_of_their_own(master_shop: Shop) -> None:
    cards = master_shop.blanks(3)
    master_shop.master_issuer.show(*cards)
    job = master_shop.finished(master_shop.order_white(3, 50)["id"])
    assert (job["written"], job["warning"]) == (3, "weak_medium")
    authority_key = master_shop.master_issuer.authority
    assert authority_key is not None
    ranges = []
    for card in cards:
        record = WhiteRecord.decode(card.record)
        chain.verify_white(record.certificate, authority_key, None)
        ranges.append((record.certificate.first_credit, record.certificate.quota))
    assert ranges == [(1, 50), (51, 50), (101, 50)]


def test_white_cards_need_the_authority(master_shop: Shop) -> None:
    master_shop.client.delete("/api/v1/authority/session")
    body = {"device_id": master_shop.master_issuer_id, "count": 1, "quota": 10, "issuer_pin": ISSUER_PIN}
    master_shop.refused("/issuing/white", "authority_closed", **body)
    assert master_shop.get("/issuing/white")["items"] == []


def test_a_child_issuer_makes_no_white_cards(master_shop: Shop) -> None:
    body = {"device_id": master_shop.child_issuer_id, "count": 1, "quota": 10, "issuer_pin": ISSUER_PIN}
    master_shop.refused("/issuing/white", "wrong_device", **body)


def test_a_batch_card_holds_the_whole_chain(batch_shop: Shop, app: FastAPI) -> None:
    record = BatchRecord.decode(batch_shop.batch.record)
    device = batch_shop.child_issuer
    assert device.authority is not None
    chain.verify_batch(record, device.authority, None, 700, batch_shop.machine_id, 1)
    with app.state.workshop.reading() as session:
        machine_key = machines.open_key(session, app.state.context.keyring, batch_shop.machine_id, 1)
    opened = keys.open_batch_key(machine_key, record.batch.body(), record.machine_sealed)
    assert opened == sealing.open_(ISSUER_PIN, record.issuer_sealed, record.batch.body())
    secret = app.state.workshop.room.present().secret.reveal()
    assert opened == keys.batch_key(keys.white_scalar(secret, record.white.white_id), record.batch.batch_id)


def test_the_counter_on_the_white_card_moves_before_the_batch_exists(batch_shop: Shop) -> None:
    assert batch_shop.white.next_credit == 6
    calls = batch_shop.child_issuer.calls
    assert calls.index("card.draw") < calls.index("card.write")


def test_batches_of_one_white_card_never_overlap(batch_shop: Shop) -> None:
    batch_shop.batch = batch_shop.blank()
    batch_shop.make_batch(count=7)
    batches = batch_shop.get("/issuing/batch")["items"]
    assert [(batch["first_credit"], batch["count"], batch["batch_number"]) for batch in batches] == [
        (6, 7, 2),
        (1, 5, 1),
    ]


def test_more_than_the_quota_is_refused(batch_shop: Shop) -> None:
    wish = {"white_id": batch_shop.white_id, "machine_id": batch_shop.machine_id, "count": 96}
    assert batch_shop.refused("/issuing/batch/preview", "quota_exhausted", **wish)["left"] == 95


def test_the_machine_must_be_confirmed_as_it_is(batch_shop: Shop) -> None:
    wish = {"white_id": batch_shop.white_id, "machine_id": batch_shop.machine_id, "count": 5}
    seen = batch_shop.post("/issuing/batch/preview", **wish)
    assert (seen["institution_name"], seen["machine_id"]) == ("Eye Clinic", batch_shop.machine_id)
    order = {**wish, "device_id": batch_shop.child_issuer_id, "pin": ISSUER_PIN, "count": 6}
    batch_shop.refused("/issuing/batch", "confirmation_stale", confirmation=seen["confirmation"], **order)


def test_a_wrong_pin_pauses_the_job_and_the_right_one_finishes_it(batch_shop: Shop) -> None:
    batch_shop.batch = batch_shop.blank()
    batch_shop.child_issuer.show(batch_shop.white)
    job = batch_shop.order_batch(5, pin=WRONG_PIN)
    assert batch_shop.finished(job["id"], "paused")["error_code"] == "wrong_pin"
    assert batch_shop.white.next_credit == 6
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.batch)
    batch_shop.resume(job["id"])
    batch_shop.finished(job["id"])
    assert batch_shop.white.next_credit == 11


def test_another_white_card_is_refused(batch_shop: Shop) -> None:
    other, batch_shop.batch = batch_shop.blank(), batch_shop.blank()
    batch_shop.master_issuer.show(other)
    batch_shop.finished(batch_shop.order_white(1, 10)["id"])
    batch_shop.child_issuer.show(other)
    job = batch_shop.order_batch(5)
    assert batch_shop.finished(job["id"], "paused")["error_code"] == "wrong_card"


def test_a_restored_database_cannot_issue_credits_twice(batch_shop: Shop) -> None:
    """The card remembers that it drew further than the database knows."""
    batch_shop.white.next_credit = 60
    batch_shop.batch = batch_shop.blank()
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.batch)
    job = batch_shop.order_batch(5)
    assert batch_shop.finished(job["id"], "paused")["error_code"] == "draw_behind"
    assert batch_shop.batch.writes == 0
    batch_shop.post(f"/issuing/jobs/{job['id']}/abandon")
    batch_shop.child_issuer.box.clear()
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.batch)
    batch_shop.finished(batch_shop.order_batch(5)["id"])
    assert BatchRecord.decode(batch_shop.batch.record).batch.first_credit == 60


def test_a_torn_batch_card_is_finished(batch_shop: Shop) -> None:
    batch_shop.batch = batch_shop.blank()
    batch_shop.batch.mishaps = ["removed_early"]
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.batch, batch_shop.batch)
    job = batch_shop.finished(batch_shop.order_batch(5)["id"])
    assert (job["written"], job["torn"]) == (1, 0)
    assert batch_shop.batch.kind == "batch"


def test_an_order_that_is_sent_twice_makes_one_batch(batch_shop: Shop) -> None:
    wish = {"white_id": batch_shop.white_id, "machine_id": batch_shop.machine_id, "count": 5}
    seen = batch_shop.post("/issuing/batch/preview", **wish)
    order = {**wish, "device_id": batch_shop.child_issuer_id, "pin": ISSUER_PIN, "confirmation": seen["confirmation"]}
    batch_shop.child_issuer.show(batch_shop.white, batch_shop.blank())
    batch_shop.finished(batch_shop.post("/issuing/batch", 202, **order)["id"])
    batch_shop.refused("/issuing/batch", "confirmation_stale", **order)
    assert len(batch_shop.get("/issuing/batch")["items"]) == 2


def test_a_torn_batch_card_that_is_given_up_is_revoked_at_its_machine(batch_shop: Shop) -> None:
    """Somebody may have it, and it may be whole."""
    card_id = torn_batch_card(batch_shop)
    batch_shop.post(f"/issuing/cards/{card_id}/give-up")
    commands = batch_shop.get(f"/machines/{batch_shop.machine_id}/commands")["items"]
    assert [(command["kind"], command["args"]) for command in commands] == [("revoke_batch", [2])]
    assert batch_shop.get("/issuing/batch")["items"][0]["state"] == "cancelled"


def test_what_was_for_a_retired_machine_can_be_given_up(batch_shop: Shop) -> None:
    card_id = torn_batch_card(batch_shop)
    assert batch_shop.client.patch(f"/api/v1/machines/{batch_shop.machine_id}", json={"state": "retired"}).is_success
    batch_shop.post(f"/issuing/cards/{card_id}/give-up")
    assert batch_shop.get(f"/machines/{batch_shop.machine_id}/commands")["items"] == []


def torn_batch_card(shop: Shop) -> int:
    shop.batch = shop.blank()
    shop.batch.mishaps = ["removed_early"]
    shop.child_issuer.show(shop.white, shop.batch)
    job = shop.order_batch(5)
    shop.wait_until(job["id"], lambda found: found["torn"] == 1)
    shop.post(f"/issuing/jobs/{job['id']}/cancel")
    shop.finished(job["id"], "cancelled")
    number: int = shop.get("/cards?state=torn&level=batch")["items"][0]["id"]
    return number
