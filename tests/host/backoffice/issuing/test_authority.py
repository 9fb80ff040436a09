"""The one master card and the authority's session."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import keys
from protocol.records import MasterRecord
from pydantic import SecretStr

from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.authority import pins, sealing, signing
from backoffice.authority.making import context_of
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.errors import BackOfficeError, CannotUnseal, WrongPin
from backoffice.hashing import HashingLine
from backoffice.supervision import Worker
from tests.host.backoffice.issuing.conftest import CHEAP
from tests.host.backoffice.issuing.shop import MASTER_PIN, Shop
from tests.host.backoffice.support import ORIGIN, HandClock, log_in, make_user
from tests.host.backoffice.test_login import AnnouncedLine, held

WRONG_PIN = "000000"


def test_the_master_card_opens_with_its_pin_only(shop: Shop) -> None:
    made = shop.make_master()
    record = MasterRecord.decode(shop.master.record)
    context = context_of(record.master_id, record.authority_key)
    secret = sealing.open_(MASTER_PIN, record.sealed, context)
    assert signing.public_key(keys.authority_scalar(secret)).hex() == made["authority_key"]
    with pytest.raises(WrongPin):
        sealing.open_(WRONG_PIN, record.sealed, context)


def test_a_classic_master_card_needs_an_explicit_yes(shop: Shop) -> None:
    shop.master_issuer.show(shop.master)
    shop.refused("/authority/master", "weak_medium", device_id=shop.master_issuer_id, pin=MASTER_PIN)
    assert shop.master.writes == 0
    assert shop.make_master()["warning"] == "weak_medium"


def test_a_second_master_card_is_refused_until_the_first_is_retired(shop: Shop) -> None:
    made = shop.make_master()
    body = {"device_id": shop.master_issuer_id, "pin": MASTER_PIN, "accept_weak_medium": True}
    shop.refused("/authority/master", "second_master", **body)
    shop.post(f"/authority/master/{made['master_id']}/retire", reason="lost in a taxi")
    shop.master = shop.blank()
    assert shop.make_master()["master_id"] == made["master_id"] + 1


def test_a_master_card_torn_away_is_asked_for_again(shop: Shop) -> None:
    shop.master.mishaps = ["removed_early"]
    shop.master_issuer.show(shop.master)
    shop.make_master()
    assert shop.get("/authority/master")[0]["state"] == "active"


def test_a_master_card_that_cannot_be_written_leaves_none_behind(shop: Shop) -> None:
    shop.master.mishaps = ["damaged"]
    shop.master_issuer.show(shop.master)
    body = {"device_id": shop.master_issuer_id, "pin": MASTER_PIN, "accept_weak_medium": True}
    shop.refused("/authority/master", "device_refused", **body)
    assert shop.get("/authority/master")[0]["state"] == "abandoned"
    shop.master = shop.blank()
    shop.make_master()


def test_another_card_is_not_taken_for_the_torn_master_card(shop: Shop) -> None:
    shop.master.mishaps = ["removed_early"]
    other = shop.blank()
    shop.master_issuer.show(shop.master, other)
    body = {"device_id": shop.master_issuer_id, "pin": MASTER_PIN, "accept_weak_medium": True}
    shop.refused("/authority/master", "wrong_card", **body)
    assert (other.writes, shop.get("/authority/master")[0]["state"]) == (0, "abandoned")


def test_a_master_card_that_does_not_give_back_what_was_written_is_none(shop: Shop) -> None:
    """Found out before anything is signed with it."""

    def weak_bits(method: str) -> None:
        if method == "card.read":
            record = MasterRecord.decode(shop.master.record)
            sealed = record.sealed[:-1] + bytes([record.sealed[-1] ^ 1])
            shop.master.record = MasterRecord(record.master_id, record.authority_key, sealed).encode()

    shop.master_issuer.on_call = weak_bits
    shop.master_issuer.show(shop.master)
    body = {"device_id": shop.master_issuer_id, "pin": MASTER_PIN, "accept_weak_medium": True}
    shop.refused("/authority/master", "card_not_genuine", **body)
    assert shop.get("/authority/master")[0]["state"] == "abandoned"
    assert [card["state"] for card in shop.get("/cards?level=master")["items"]] == ["failed"]


def test_wrong_pins_are_counted_and_then_locked_out(shop: Shop, clock: HandClock) -> None:
    shop.make_master()
    body = {"device_id": shop.master_issuer_id}
    for _ in range(5):
        shop.master_issuer.show(shop.master)
        shop.refused("/authority/session", "wrong_pin", pin=WRONG_PIN, **body)
    shop.master_issuer.show(shop.master)
    assert shop.refused("/authority/session", "pin_locked", pin=MASTER_PIN, **body)["retry_after_s"] == 900
    clock.now += 900
    shop.open_authority()
    shop.open_authority()


def test_wrong_pins_at_once_are_no_free_ones(context: Context, clock: HandClock) -> None:
    sealed = pins.Sealed("batch", 7, sealing.seal(MASTER_PIN, b"secret", b"batch 7", CHEAP), b"batch 7")

    def guess(pin: str) -> str:
        try:
            pins.unseal(lambda: transaction(context.engine), context.hashing, sealed, clock(), SecretStr(pin))
        except BackOfficeError as error:
            return error.code
        return "open"

    with ThreadPoolExecutor(8) as crowd:
        found = list(crowd.map(guess, [WRONG_PIN] * 8))
    assert sorted(found) == ["pin_locked"] * 3 + ["wrong_pin"] * 5
    clock.now -= 30 * 86400  # a clock that had been far ahead
    assert guess(MASTER_PIN) == "pin_locked"
    clock.now += 24 * 3600
    assert guess(MASTER_PIN) == "open"
    assert guess(WRONG_PIN) == "wrong_pin"


def test_wrong_pins_of_one_card_lock_no_other(context: Context, clock: HandClock) -> None:
    def guess(level: str, number: int, pin: str) -> str:
        value = sealing.seal(MASTER_PIN, b"secret", b"", CHEAP)
        sealed = pins.Sealed(level, number, value, b"")
        try:
            pins.unseal(lambda: transaction(context.engine), context.hashing, sealed, clock(), SecretStr(pin))
        except BackOfficeError as error:
            return error.code
        return "open"

    assert [guess("batch", 7, WRONG_PIN) for _ in range(6)] == ["wrong_pin"] * 5 + ["pin_locked"]
    assert [guess("batch", 8, MASTER_PIN), guess("white", 7, MASTER_PIN)] == ["open", "open"]


def test_a_pin_for_which_there_was_no_time_was_not_tried(context: Context, clock: HandClock) -> None:
    sealed = pins.Sealed("batch", 7, sealing.seal(MASTER_PIN, b"secret", b"", CHEAP), b"")

    def guess(pin: str) -> str:
        try:
            pins.unseal(lambda: transaction(context.engine), context.hashing, sealed, clock(), SecretStr(pin))
        except BackOfficeError as error:
            return error.code
        return "open"

    assert [guess(WRONG_PIN) for _ in range(pins.FREE_FAILURES - 1)] == ["wrong_pin"] * (pins.FREE_FAILURES - 1)
    context.hashing.close()
    context.hashing = line = AnnouncedLine(Worker("hashing"), patience_s=0)
    with held(line):
        assert [guess(MASTER_PIN) for _ in range(3)] == ["hashing_busy"] * 3
    line.close()
    context.hashing = HashingLine(Worker("hashing"))
    assert guess(MASTER_PIN) == "open"


def test_a_card_cannot_ask_for_more_memory_than_there_is() -> None:
    sealed = bytearray(sealing.seal(MASTER_PIN, b"secret", b"", CHEAP))
    sealed[2] = 18  # 256 MiB
    with pytest.raises(CannotUnseal):
        sealing.open_(MASTER_PIN, bytes(sealed), b"")


def test_a_signature_owes_nothing_to_chance() -> None:
    """RFC 6979: one that is made twice is the same, so no bad random number gives the key away."""
    scalar = keys.authority_scalar(bytes(32))
    assert signing.sign(scalar, b"an order") == signing.sign(scalar, b"an order")
    assert signing.sign(scalar, b"an order") != signing.sign(scalar, b"another")


def test_a_server_that_stops_while_a_master_card_is_made_leaves_none_in_the_way(
    shop: Shop, app: FastAPI, tmp_path: Path
) -> None:
    settings = app.state.context.settings
    later = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'later.db'}"})

    def stop(method: str) -> None:
        """The database as the next start would find it."""
        if method == "card.write" and not later.database_path.exists():
            with (
                closing(sqlite3.connect(settings.database_path)) as now,
                closing(sqlite3.connect(later.database_path)) as then,
            ):
                now.backup(then)

    shop.master_issuer.on_call = stop
    shop.make_master()
    again = create_app(later, app.state.context.clock)
    again.state.workshop.cost = CHEAP
    with TestClient(again, base_url=ORIGIN, headers={"Origin": ORIGIN}, cookies=shop.client.cookies) as client:
        assert [row["state"] for row in client.get("/api/v1/authority/master").json()] == ["abandoned"]
        assert [row["state"] for row in client.get("/api/v1/cards").json()["items"]] == ["failed"]
        shop.master = shop.blank()
        shop.master_issuer.show(shop.master)
        body = {"device_id": shop.master_issuer_id, "pin": MASTER_PIN, "accept_weak_medium": True}
        assert client.post("/api/v1/authority/master", json=body).json()["master_id"] == 2


def test_the_session_ends_by_itself_and_wipes_the_secret(shop: Shop, app: FastAPI, clock: HandClock) -> None:
    shop.make_master()
    shop.open_authority()
    secret = app.state.workshop.room.present().secret
    assert not secret.wiped
    clock.now += 15 * 60
    assert shop.get("/authority/session")["open"] is False
    assert secret.wiped


def test_a_new_session_wipes_the_secret_of_the_one_before(shop: Shop, app: FastAPI) -> None:
    shop.make_master()
    shop.open_authority()
    before = app.state.workshop.room.present().secret
    shop.open_authority()
    assert (before.wiped, app.state.workshop.room.present().secret.wiped) == (True, False)


def test_retiring_the_master_card_ends_its_session(shop: Shop, app: FastAPI) -> None:
    shop.make_master()
    shop.open_authority()
    secret = app.state.workshop.room.present().secret
    shop.post("/authority/master/1/retire", reason="lost in a taxi")
    assert (shop.get("/authority/session")["open"], secret.wiped) == (False, True)
    shop.refused("/authority/master/1/retire", "wrong_state", reason="once more")


def test_the_session_belongs_to_who_opened_it(master_shop: Shop, app: FastAPI) -> None:
    make_user(app.state.context, "other", Role.ADMINISTRATOR)
    other = log_in(app, "other")
    body = {"device_id": master_shop.master_issuer_id, "count": 1, "quota": 10, "issuer_pin": MASTER_PIN}
    answer = other.post("/api/v1/issuing/white", json=body)
    assert answer.json()["error"]["code"] == "authority_closed"
    assert other.get("/api/v1/authority/session").json()["mine"] is False


@pytest.mark.parametrize("role", [Role.ISSUER, Role.INVESTOR])
def test_only_administrators_act_as_the_authority(shop: Shop, app: FastAPI, role: Role) -> None:
    make_user(app.state.context, "other", role)
    other = log_in(app, "other")
    body = {"device_id": shop.master_issuer_id, "pin": MASTER_PIN, "accept_weak_medium": True}
    for path in ("authority/master", "authority/session"):
        assert other.post(f"/api/v1/{path}", json=body).status_code == 403
    order = {"device_id": shop.master_issuer_id, "count": 1, "quota": 1, "issuer_pin": MASTER_PIN}
    assert other.post("/api/v1/issuing/white", json=order).status_code == 403


def test_a_pin_is_never_echoed(shop: Shop) -> None:
    answer = shop.client.post("/api/v1/authority/session", json={"device_id": 1, "pin": "1234"})
    assert answer.status_code == 422
    assert "1234" not in answer.text


def test_another_masters_card_opens_nothing(shop: Shop) -> None:
    made = shop.make_master()
    old = shop.master
    shop.post(f"/authority/master/{made['master_id']}/retire", reason="replaced")
    shop.master = shop.blank()
    shop.make_master()
    shop.master_issuer.show(old)
    shop.refused("/authority/session", "card_not_genuine", device_id=shop.master_issuer_id, pin=MASTER_PIN)


def test_no_secret_is_in_the_database(master_shop: Shop, app: FastAPI) -> None:
    secret = app.state.workshop.room.present().secret.reveal()
    path = app.state.context.settings.database_path
    app.state.context.engine.dispose()
    content = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    machine_id = master_shop.get("/machines")["items"][0]["id"]
    record = MasterRecord.decode(master_shop.master.record)
    for hidden in (
        secret,
        MASTER_PIN.encode(),
        record.sealed,
        keys.authority_scalar(secret),
        keys.machine_key(secret, machine_id, 1),
        master_shop.master.read_key,
    ):
        assert hidden not in content
