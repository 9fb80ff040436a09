"""One-time cards in bulk: every credit on one card, whatever happens to cards, device and server."""

from collections import Counter

import pytest
from fastapi import FastAPI
from protocol import keys
from protocol.records import BatchRecord, OneTimeRecord

from backoffice.authority import sealing
from backoffice.cards import service as cards_service
from backoffice.issuing import repository, service
from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.fake_device import Refusal
from tests.host.backoffice.issuing.shop import ISSUER_PIN, Shop


def credits_on(shop: Shop, cards: list[FakeCard]) -> list[int]:
    """The credits of genuine cards, in the order of the cards."""
    batch = BatchRecord.decode(shop.batch.record)
    batch_key = sealing.open_(ISSUER_PIN, batch.issuer_sealed, batch.batch.body())
    found = []
    for card in cards:
        if card.kind != "one_time":
            continue
        record = OneTimeRecord.decode(card.record)
        assert record.tag == keys.one_time_tag(batch_key, card.uid, record.batch_id, record.credit)
        assert card.write_key == keys.one_time_access_key(batch_key, card.uid)
        found.append(record.credit)
    return found


def rows(shop: Shop) -> Counter[str]:
    return Counter(card["state"] for card in shop.get("/cards?level=one_time")["items"])


def test_all_cards_of_a_batch(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *cards)
    job = batch_shop.finished(batch_shop.order_one_time())
    assert (job["written"], job["total"], job["warning"]) == (5, 5, "weak_medium")
    assert credits_on(batch_shop, cards) == [1, 2, 3, 4, 5]
    stock = batch_shop.get("/issuing/stock")
    assert [(row["ordered"], row["issued"], row["left"], row["to_make"]) for row in stock] == [(5, 5, 5, 0)]


def test_the_batch_card_and_its_pin_are_needed(batch_shop: Shop) -> None:
    batch_shop.child_issuer.show(batch_shop.batch)
    job_id = batch_shop.order_one_time(pin="000000")
    assert batch_shop.finished(job_id, "paused")["error_code"] == "wrong_pin"
    batch_shop.child_issuer.show(batch_shop.white)
    batch_shop.resume(job_id)
    assert batch_shop.finished(job_id, "paused")["error_code"] == "wrong_card"


def test_torn_cards_are_finished_when_they_come_back(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    cards[1].mishaps = ["removed_early", "removed_early"]
    cards[3].mishaps = ["after"]
    show = [cards[0], cards[1], cards[2], cards[1], cards[3], cards[4], cards[1], cards[3]]
    batch_shop.child_issuer.show(batch_shop.batch, *show)
    job = batch_shop.finished(batch_shop.order_one_time())
    assert (job["written"], job["torn"], job["failed"]) == (5, 0, 0)
    assert sorted(credits_on(batch_shop, cards)) == [1, 2, 3, 4, 5]


def test_a_bad_card_is_proved_blank_and_its_credit_reissued(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(6)
    cards[2].mishaps = ["damaged"] * 3
    batch_shop.child_issuer.show(batch_shop.batch, *cards[:3], cards[2], cards[2], *cards[3:])
    job = batch_shop.finished(batch_shop.order_one_time())
    assert (job["written"], job["failed"], job["reissued"], job["voided"]) == (5, 1, 1, 0)
    assert cards[2].kind == "blank"
    assert sorted(credits_on(batch_shop, cards)) == [1, 2, 3, 4, 5]


def test_a_bad_card_that_cannot_be_erased_voids_its_credit(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    cards[4].mishaps = ["damaged"] * 3

    def broken(method: str) -> None:
        if method == "card.erase":
            raise Refusal("damaged")

    batch_shop.child_issuer.on_call = broken
    batch_shop.child_issuer.show(batch_shop.batch, *cards, cards[4], cards[4])
    job = batch_shop.finished(batch_shop.order_one_time())
    assert (job["written"], job["failed"], job["voided"]) == (4, 1, 1)
    commands = batch_shop.get(f"/machines/{batch_shop.machine_id}/commands")["items"]
    assert [(command["kind"], command["args"]) for command in commands] == [("revoke_credit", [batch_shop.batch_id, 5])]


def test_foreign_and_finished_cards_are_rejected(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    foreign = batch_shop.blank()
    foreign.kind = "foreign"
    batch_shop.child_issuer.show(batch_shop.batch, cards[0], cards[0], foreign, batch_shop.white, *cards[1:])
    batch_shop.finished(batch_shop.order_one_time())
    assert credits_on(batch_shop, cards) == [1, 2, 3, 4, 5]
    assert (foreign.writes, batch_shop.white.kind) == (0, "white")


def test_a_cancelled_job_goes_on_where_it_stopped(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *cards[:2])
    job_id = batch_shop.order_one_time()
    batch_shop.wait_until(job_id, lambda job: job["written"] == 2 and job["step"] == "show_blank")
    batch_shop.post(f"/issuing/jobs/{job_id}/cancel")
    assert batch_shop.finished(job_id, "cancelled")["planned"] == 3
    batch_shop.child_issuer.show(batch_shop.batch, *cards[2:])
    batch_shop.resume(job_id)
    batch_shop.finished(job_id)
    assert credits_on(batch_shop, cards) == [1, 2, 3, 4, 5]


def test_a_device_that_disappears_pauses_the_job(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    device = batch_shop.child_issuer

    def vanish(method: str) -> None:
        if method == "card.write" and device.calls.count("card.write") == 4:
            device.hang_up()

    device.calls.clear()
    device.on_call = vanish
    device.show(batch_shop.batch, *cards)
    job_id = batch_shop.order_one_time()
    job = batch_shop.finished(job_id, "paused")
    assert (job["error_code"], job["written"], job["torn"]) == ("device_unreachable", 3, 1)
    device.on_call = lambda _method: None
    device.restart()
    device.box.clear()
    device.show(batch_shop.batch, *cards[3:])
    batch_shop.resume(job_id)
    batch_shop.finished(job_id)
    assert credits_on(batch_shop, cards) == [1, 2, 3, 4, 5]


def test_a_server_crash_in_the_middle_of_a_card_loses_nothing(batch_shop: Shop, app: FastAPI) -> None:
    """The rows as a crash leaves them: job running, one card being written, nobody at work."""
    cards = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *cards[:2])
    job_id = batch_shop.order_one_time()
    batch_shop.wait_until(job_id, lambda job: job["written"] == 2 and job["step"] == "show_blank")
    batch_shop.post(f"/issuing/jobs/{job_id}/cancel")
    batch_shop.finished(job_id, "cancelled")
    workshop = app.state.workshop
    with workshop.begin() as session:
        service.find_job(session, job_id).state = service.RUNNING
        planned = repository.next_planned(session, job_id)
        assert planned is not None
        cards_service.begin_writing(session, planned, cards[2].uid, "classic1k", workshop.now())
    cards[2].write("one_time", b"half", b"", b"")
    cards[2].kind = "torn"
    with workshop.begin() as session:
        assert service.pause_interrupted(session, workshop.now()) == 1
    assert batch_shop.get(f"/issuing/jobs/{job_id}")["torn"] == 1
    batch_shop.child_issuer.show(batch_shop.batch, cards[3], cards[2], cards[4])
    batch_shop.resume(job_id)
    batch_shop.finished(job_id)
    assert sorted(credits_on(batch_shop, cards)) == [1, 2, 3, 4, 5]
    assert credits_on(batch_shop, [cards[2]]) == [3]


def test_a_lost_torn_card_is_given_up_and_its_credit_revoked(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    cards[0].mishaps = ["removed_early"]
    batch_shop.child_issuer.show(batch_shop.batch, *cards)
    job_id = batch_shop.order_one_time()
    batch_shop.wait_until(job_id, lambda job: job["step"] == "show_torn")
    torn = batch_shop.get("/cards?state=torn")["items"][0]
    batch_shop.post(f"/issuing/cards/{torn['id']}/give-up")
    job = batch_shop.finished(job_id)
    assert (job["written"], job["failed"], job["voided"]) == (4, 1, 1)
    assert batch_shop.get(f"/machines/{batch_shop.machine_id}/commands")["items"][0]["args"] == [
        batch_shop.batch_id,
        1,
    ]


def test_one_device_serves_one_user(batch_shop: Shop) -> None:
    job_id = batch_shop.order_one_time()
    body = {"device_id": batch_shop.child_issuer_id}
    assert batch_shop.refused("/issuing/verify", "device_busy", **body)["holder"] == "admin (one_time)"
    batch_shop.post(f"/issuing/jobs/{job_id}/cancel")
    batch_shop.finished(job_id, "cancelled")


def test_a_batch_has_one_job(batch_shop: Shop) -> None:
    batch_shop.child_issuer.show(batch_shop.batch, *batch_shop.blanks(5))
    job_id = batch_shop.order_one_time()
    batch_shop.finished(job_id)
    body = {"device_id": batch_shop.child_issuer_id, "batch_id": batch_shop.batch_id, "pin": ISSUER_PIN}
    assert batch_shop.refused("/issuing/one-time", "already_exists", **body)["job_id"] == job_id


def test_provenance_of_a_credit(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *cards)
    batch_shop.finished(batch_shop.order_one_time())
    found = batch_shop.get("/cards/credits/3")
    assert [link["level"] for link in found["chain"]] == ["master", "white", "batch"]
    assert [link["uid"] for link in found["chain"]] == [
        card.uid.hex() for card in (batch_shop.master, batch_shop.white, batch_shop.batch)
    ]
    assert [card["uid"] for card in found["cards"]] == [cards[2].uid.hex()]
    history = batch_shop.get(f"/cards/{found['cards'][0]['id']}")
    assert [event["state"] for event in history["events"]] == ["writing", "written"]


def test_a_finished_job_leaves_no_key_behind(batch_shop: Shop, app: FastAPI, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in the database nor in the logs: PINs, the white key, K_batch, what the cards seal, their keys."""
    cards = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *cards)
    batch_shop.finished(batch_shop.order_one_time())
    secret = app.state.workshop.room.present().secret.reveal()
    batch = BatchRecord.decode(batch_shop.batch.record)
    white_scalar = keys.white_scalar(secret, batch.white.white_id)
    hidden = [
        ISSUER_PIN.encode(),
        white_scalar,
        keys.batch_key(white_scalar, batch.batch.batch_id),
        keys.institution_key(secret, 700),
        batch.machine_sealed,
        batch.issuer_sealed,
        batch_shop.white.write_key,
        cards[0].write_key,
    ]
    path = app.state.context.settings.database_path
    app.state.context.engine.dispose()
    stored = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    captured = capfd.readouterr()
    said = (captured.out + captured.err).encode()
    for value in hidden:
        assert value not in stored
        assert value.hex().encode() not in said
        assert value not in said
