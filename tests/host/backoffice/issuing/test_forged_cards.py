"""Forged cards at the desk: whoever alters a card, and even the registry with it, gets nothing issued with it."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import keys
from protocol.records import BatchRecord, MasterRecord, OneTimeRecord, WhiteRecord

from backoffice.accounts.roles import Role
from backoffice.authority import sealing, signing
from backoffice.authority.keys import batch_card_keys, institution_key, white_card_keys
from backoffice.authority.making import context_of
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.models import Batch, White
from tests.host.backoffice.issuing.conftest import CHEAP
from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.shop import ISSUER_PIN, MASTER_PIN, Shop
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.support import log_in, make_user

QUOTA, MORE = 100, 1_000_000


@pytest.fixture
def cards(batch_shop: Shop) -> list[FakeCard]:
    """The five one-time cards of the batch."""
    made = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *made)
    batch_shop.finished(batch_shop.order_one_time())
    return made


def check(shop: Shop, card: FakeCard) -> dict[str, object]:
    shop.child_issuer.show(card)
    found: dict[str, object] = shop.post("/issuing/verify", device_id=shop.child_issuer_id)
    return found


def secret_of(shop: Shop) -> bytes:
    """The master's, as only its own session has it."""
    secret: bytes = shop.app.state.workshop.room.present().secret.reveal()
    return secret


def white_scalar(shop: Shop) -> bytes:
    return keys.white_scalar(secret_of(shop), shop.white_id)


# What the desk says of a card.


def other_authority(shop: Shop) -> FakeCard:
    record = MasterRecord.decode(shop.master.record)
    shop.master.record = MasterRecord(record.master_id, bytes(64), record.sealed).encode()
    return shop.master


def more_credits(shop: Shop) -> FakeCard:
    record = WhiteRecord.decode(shop.white.record)
    record.certificate.quota = MORE
    shop.white.record = record.encode()
    return shop.white


def bigger_batch(shop: Shop) -> FakeCard:
    record = BatchRecord.decode(shop.batch.record)
    record.batch.count = 6
    shop.batch.record = record.encode()
    return shop.batch


def batch_of_another_white_card(shop: Shop) -> FakeCard:
    record = BatchRecord.decode(shop.batch.record)
    record.white.issuer_key = bytes(64)
    record.white.first_credit = MORE
    shop.batch.record = record.encode()
    return shop.batch


@pytest.mark.parametrize("forge", [other_authority, more_credits, bigger_batch, batch_of_another_white_card])
def test_a_card_that_was_altered_is_found_out(batch_shop: Shop, forge: Callable[[Shop], FakeCard]) -> None:
    assert check(batch_shop, forge(batch_shop))["genuine"] is False


def test_a_genuine_record_on_other_plastic_is_found_out(batch_shop: Shop, app: FastAPI) -> None:
    context: Context = app.state.context
    with transaction(context.engine, READ) as session:
        place = institution_key(session, context.keyring, 1, 700)
    for number, original in enumerate((batch_shop.white, batch_shop.batch)):
        uid = bytes([0x99, 0x99, 0x99, number])
        read_keys = {
            "white": white_card_keys(context.keyring, uid)[0],
            "batch": batch_card_keys(context.keyring, place, uid)[0],
        }
        copy = FakeCard(uid=uid, kind=original.kind, record=original.record, read_key=read_keys[original.kind])
        found = check(batch_shop, copy)
        assert (found["genuine"], found["findings"]) == (False, ["no card with this UID was issued here"])


def test_a_card_that_carries_another_cards_credit_is_found_out(batch_shop: Shop, cards: list[FakeCard]) -> None:
    """Even with the right tag, which takes the batch's key."""
    batch_key = keys.batch_key(white_scalar(batch_shop), batch_shop.batch_id)
    tag = keys.one_time_tag(batch_key, cards[0].uid, batch_shop.batch_id, 2)
    cards[0].record = OneTimeRecord(batch_shop.batch_id, 2, tag).encode()
    found = check(batch_shop, cards[0])
    assert (found["genuine"], found["findings"]) == (False, ["the card says credit 2, the registry says 1"])


def test_a_tag_that_does_not_hold_is_found_out(batch_shop: Shop, cards: list[FakeCard]) -> None:
    cards[0].record = OneTimeRecord(batch_shop.batch_id, 1, bytes(16)).encode()
    assert check(batch_shop, cards[0])["genuine"] is False


def test_a_batch_that_nobody_knows_is_found_out(batch_shop: Shop) -> None:
    """There is no key for it: that is said of the card, and is no error."""
    record = BatchRecord.decode(batch_shop.batch.record)
    record.batch.batch_id = 999
    stranger = FakeCard(uid=b"\x99\x99\x99\x99", kind="batch", record=record.encode())
    found = check(batch_shop, stranger)
    assert (found["genuine"], found["card_id"]) == (False, None)


# Opening the authority's session.


def another_number(record: MasterRecord) -> MasterRecord:
    return MasterRecord(record.master_id + 1, record.authority_key, record.sealed)


def another_key(record: MasterRecord) -> MasterRecord:
    return MasterRecord(record.master_id, bytes(64), record.sealed)


def another_secret(record: MasterRecord) -> MasterRecord:
    """Whoever has the card's keys and knows the PIN puts a secret of their own on it."""
    context = context_of(record.master_id, record.authority_key)
    return MasterRecord(record.master_id, record.authority_key, sealing.seal(MASTER_PIN, bytes(32), context, CHEAP))


@pytest.mark.parametrize("forge", [another_number, another_key, another_secret])
def test_a_forged_master_card_opens_no_session(shop: Shop, forge: Callable[[MasterRecord], MasterRecord]) -> None:
    shop.make_master()
    shop.master.record = forge(MasterRecord.decode(shop.master.record)).encode()
    shop.master_issuer.show(shop.master)
    shop.refused("/authority/session", "card_not_genuine", device_id=shop.master_issuer_id, pin=MASTER_PIN)
    assert shop.get("/authority/session")["open"] is False


# Making a card blank again.


def debit(shop: Shop, credit: int) -> None:
    """Its machine reports the exam."""
    machine = Machine(shop.machine_id, 1, keys.machine_key(secret_of(shop), shop.machine_id, 1))
    machine.exam(credit, batch=shop.batch_id)
    machine.send(shop.client)


def test_a_card_that_was_debited_is_never_made_blank(batch_shop: Shop, cards: list[FakeCard]) -> None:
    debit(batch_shop, 2)
    assert check(batch_shop, cards[1])["used"] is True
    batch_shop.child_issuer.show(cards[1])
    batch_shop.refused("/issuing/recover", "card_in_use", device_id=batch_shop.child_issuer_id)
    assert cards[1].kind == "one_time"
    batch_shop.child_issuer.show(cards[2])
    batch_shop.post("/issuing/recover", device_id=batch_shop.child_issuer_id)
    assert cards[2].kind == "blank"


def test_nobody_makes_cards_blank_in_somebody_elses_session(
    batch_shop: Shop, cards: list[FakeCard], app: FastAPI
) -> None:
    make_user(app.state.context, "other", Role.ADMINISTRATOR)
    other: TestClient = log_in(app, "other")
    batch_shop.child_issuer.show(cards[1])
    answer = other.post("/api/v1/issuing/recover", json={"device_id": batch_shop.child_issuer_id})
    assert answer.json()["error"]["code"] == "authority_closed"
    assert cards[1].kind == "one_time"


# A white card from which a batch is to be drawn.


def signed_for_more(shop: Shop) -> None:
    """By the true authority, and not what the registry has."""
    record = WhiteRecord.decode(shop.white.record)
    record.certificate.quota = MORE
    record.certificate.signature = signing.sign(keys.authority_scalar(secret_of(shop)), record.certificate.body())
    shop.white.record = record.encode()


def unsigned_and_registered(shop: Shop) -> None:
    more_credits(shop)
    with transaction(shop.app.state.context.engine) as session:
        white = session.get_one(White, shop.white_id)
        white.certificate = WhiteRecord.decode(shop.white.record).certificate.encode()


def another_private_key(shop: Shop) -> None:
    record = WhiteRecord.decode(shop.white.record)
    other = keys.white_scalar(bytes(32), shop.white_id)
    record.sealed_key = sealing.seal(ISSUER_PIN, other, record.certificate.body(), CHEAP)
    shop.white.record = record.encode()


@pytest.mark.parametrize("forge", [signed_for_more, unsigned_and_registered, another_private_key])
def test_a_forged_white_card_draws_no_batch(batch_shop: Shop, forge: Callable[[Shop], None]) -> None:
    forge(batch_shop)
    blank, drawn = batch_shop.blank(), batch_shop.white.next_credit
    batch_shop.child_issuer.show(batch_shop.white, blank)
    job = batch_shop.order_batch(3)
    assert batch_shop.finished(job["id"], "paused")["error_code"] == "card_not_genuine"
    assert (blank.kind, batch_shop.white.next_credit) == ("blank", drawn)


# A batch card of which one-time cards are to be written.


def sign_anew(shop: Shop, record: BatchRecord) -> None:
    record.batch.signature = signing.sign(white_scalar(shop), record.batch.body())
    shop.batch.record = record.encode()


def register(shop: Shop) -> None:
    with transaction(shop.app.state.context.engine) as session:
        batch = session.get_one(Batch, shop.batch_id)
        batch.certificate = BatchRecord.decode(shop.batch.record).batch.encode()


def for_another_machine(shop: Shop) -> None:
    """Signed by the true white card, and not what the registry has."""
    record = BatchRecord.decode(shop.batch.record)
    record.batch.machine_id += 1
    sign_anew(shop, record)


def altered_and_registered(shop: Shop) -> None:
    bigger_batch(shop)
    register(shop)


def beyond_the_white_card_and_registered(shop: Shop) -> None:
    record = BatchRecord.decode(shop.batch.record)
    record.batch.count = QUOTA + 1
    sign_anew(shop, record)
    register(shop)


@pytest.mark.parametrize("forge", [for_another_machine, altered_and_registered, beyond_the_white_card_and_registered])
def test_a_forged_batch_card_makes_no_cards(batch_shop: Shop, forge: Callable[[Shop], None]) -> None:
    forge(batch_shop)
    blank = batch_shop.blank()
    batch_shop.child_issuer.show(batch_shop.batch, blank)
    job_id = batch_shop.order_one_time()
    assert batch_shop.finished(job_id, "paused")["error_code"] == "card_not_genuine"
    assert blank.kind == "blank"


def test_a_batch_card_that_is_in_no_use_makes_no_cards(batch_shop: Shop) -> None:
    copy = FakeCard(uid=b"\x99\x99\x99\x99", kind="batch", record=batch_shop.batch.record)
    batch_shop.child_issuer.show(copy)
    job_id = batch_shop.order_one_time()
    assert batch_shop.finished(job_id, "paused")["error_code"] == "wrong_card"
