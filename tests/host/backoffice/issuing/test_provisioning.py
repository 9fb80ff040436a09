"""Devices learn whose they are from the master card, and are never mistaken for each other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from protocol import journal, keys, uplink
from sqlmodel import select

from backoffice.ingest import repository
from backoffice.machines import service as machines
from backoffice.models import MachineKey
from backoffice.tls import certificates
from tests.host.backoffice.issuing.fake_device import FakeDevice, Refusal
from tests.host.backoffice.issuing.shop import Shop
from tests.host.backoffice.machines import Machine, post


def machine_of(shop: Shop, machine_id: int) -> dict[str, object]:
    found: dict[str, object] = shop.get(f"/machines/{machine_id}")
    return found


def test_a_device_becomes_its_machine_and_the_server_has_its_key(master_shop: Shop, app: FastAPI) -> None:
    device, machine_id = master_shop.make_machine()
    assert (device.role, device.machine_id, device.epoch, device.institution) == ("swipe", machine_id, 1, 700)
    secret = app.state.workshop.room.present().secret.reveal()
    with app.state.workshop.reading() as session:
        stored = machines.open_key(session, app.state.context.keyring, machine_id, 1)
    assert stored == keys.machine_key(secret, machine_id, 1)
    assert machine_of(master_shop, machine_id)["unique_id"] == device.unique_id


def test_initialising_again_is_a_new_epoch(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()
    device.show(master_shop.master)
    body = {"device_id": master_shop.device_id(device), "machine_id": machine_id}
    assert master_shop.post("/authority/provision", **body)["epoch"] == 2
    assert device.epoch == 2


def test_it_needs_the_authority(master_shop: Shop) -> None:
    device, device_id = master_shop.plug_in("child_issuer")
    machine = master_shop.post("/machines", 201, role="child_issuer", name="another")
    master_shop.client.delete("/api/v1/authority/session")
    master_shop.refused("/authority/provision", "authority_closed", device_id=device_id, machine_id=machine["id"])
    assert device.role is None


def test_a_board_that_is_another_machine_is_refused(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()
    other = master_shop.post("/machines", 201, role="swipe", name="other", institution_id=1)["id"]
    device.show(master_shop.master)
    body = {"device_id": master_shop.device_id(device)}
    master_shop.refused("/authority/provision", "wrong_device", machine_id=other, **body)
    assert (device.machine_id, device.epoch) == (machine_id, 1)


def test_a_machine_that_is_retired_or_of_another_role_is_not_initialised(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()
    issuer = master_shop.child_issuer.machine_id
    place = master_shop.get("/institutions")["items"][0]["id"]
    swipe = master_shop.post("/machines", 201, role="swipe", name="New", institution_id=place)["id"]
    wanted = [(master_shop.child_issuer, swipe, "wrong_device"), (device, issuer, "wrong_device")]
    master_shop.client.patch(f"/api/v1/machines/{machine_id}", json={"state": "retired"}).raise_for_status()
    for board, number, code in (*wanted, (device, machine_id, "wrong_state")):
        epoch = machine_of(master_shop, number)["epoch"]
        answer = try_to_provision(master_shop, board, number)
        assert answer.json()["error"]["code"] == code, answer.text
        assert machine_of(master_shop, number)["epoch"] == epoch
        board.box.clear()


def test_another_board_at_a_known_port_is_refused(master_shop: Shop) -> None:
    master_shop.child_issuer.unique_id = "ee99"
    detail = f"/devices/{master_shop.child_issuer_id}/hello"
    master_shop.refused(detail, "wrong_device")


def test_a_refused_commit_leaves_the_earlier_epoch(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()

    def refuse(method: str) -> None:
        if method == "provision.commit":
            raise Refusal("storage_failed")

    device.on_call = refuse
    device.show(master_shop.master)
    body = {"device_id": master_shop.device_id(device), "machine_id": machine_id}
    master_shop.refused("/authority/provision", "device_refused", **body)
    assert machine_of(master_shop, machine_id)["epoch"] == 1
    device.on_call = lambda _method: None
    device.show(master_shop.master)
    assert master_shop.post("/authority/provision", **body)["epoch"] == 3


def test_a_commit_whose_answer_is_lost_counts_when_the_device_has_it(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()
    committed = device._commit

    def commit_and_hang_up(params: dict[str, object]) -> dict[str, object]:
        answer = committed(params)
        device.hang_up()
        return answer

    device._commit = commit_and_hang_up  # type: ignore[method-assign]
    device.show(master_shop.master)
    body = {"device_id": master_shop.device_id(device), "machine_id": machine_id}
    assert master_shop.post("/authority/provision", **body)["epoch"] == 2
    assert machine_of(master_shop, machine_id)["epoch"] == 2


# Between sending a key and hearing of it


def keys_of(app: FastAPI, machine_id: int) -> dict[int, bool]:
    """Epochs and whether they began."""
    with app.state.workshop.reading() as session:
        rows = session.exec(select(MachineKey).where(MachineKey.machine_id == machine_id)).all()
        return {row.epoch: row.committed for row in rows}


def key_of(app: FastAPI, machine_id: int, epoch: int) -> bytes:
    with app.state.workshop.reading() as session:
        return machines.open_key(session, app.state.context.keyring, machine_id, epoch)


def reports(shop: Shop, app: FastAPI, machine_id: int, epoch: int, key: bytes = b"") -> int:
    """The status that the machine's report gets in that epoch."""
    machine = Machine(machine_id, epoch, key or key_of(app, machine_id, epoch))
    machine.write(journal.BOOT)
    return post(shop.client, machine.report()).status_code


def try_to_provision(shop: Shop, device: FakeDevice, machine_id: int) -> Response:
    device.show(shop.master)
    body = {"device_id": shop.device_id(device), "machine_id": machine_id}
    return shop.client.post("/api/v1/authority/provision", json=body)


def after(device: FakeDevice, method: str, then: Callable[[], None]) -> None:
    """Whenever the device is told to do that, this happens first."""

    def look(called: str) -> None:
        if called == method:
            then()

    device.on_call = look


def refuse() -> None:
    raise Refusal("storage_failed")


def test_refused_attempts_leave_no_key_and_silence_no_machine(master_shop: Shop, app: FastAPI) -> None:
    device, machine_id = master_shop.make_machine()
    after(device, "provision.commit", refuse)
    for _ in range(repository.KEYS_TRIED_MAX + 4):
        assert try_to_provision(master_shop, device, machine_id).status_code != 200
    assert keys_of(app, machine_id) == {1: True}
    app.state.context.ingest._cache.clear()
    assert reports(master_shop, app, machine_id, 1) == 200
    device.on_call = lambda _method: None
    assert try_to_provision(master_shop, device, machine_id).json()["epoch"] == repository.KEYS_TRIED_MAX + 6


def test_the_key_in_use_is_tried_however_many_others_there_are(master_shop: Shop, app: FastAPI) -> None:
    """As a database may look in which many attempts broke off, before they were taken back."""
    _device, machine_id = master_shop.make_machine()
    with app.state.workshop.begin() as session:
        for epoch in range(2, 40):
            machines.offer_key(session, app.state.context.keyring, machine_id, epoch, bytes([epoch]) * 32, 1)
    assert reports(master_shop, app, machine_id, 1) == 200


def test_a_machine_that_took_its_key_in_silence_says_so_by_reporting(master_shop: Shop, app: FastAPI) -> None:
    """The device commits, then neither answer nor question gets through: the cable is out, or this server died."""
    device, machine_id = master_shop.make_machine()
    committed = device._commit

    def commit_and_fall_silent(params: dict[str, object]) -> dict[str, object]:
        committed(params)
        device.close()
        device.hang_up()
        return {}

    device._commit = commit_and_fall_silent  # type: ignore[method-assign]
    assert try_to_provision(master_shop, device, machine_id).status_code != 200
    assert keys_of(app, machine_id) == {1: True, 2: False}
    assert machine_of(master_shop, machine_id)["epoch"] == 1
    assert reports(master_shop, app, machine_id, 2) == 200
    assert keys_of(app, machine_id) == {1: True, 2: True}
    assert machine_of(master_shop, machine_id)["epoch"] == 2


def test_a_lock_goes_on_into_an_epoch_that_began_in_silence(master_shop: Shop, app: FastAPI) -> None:
    device, machine_id = master_shop.make_machine()
    master_shop.post(f"/machines/{machine_id}/lock", 201, text="Call us")

    def fail(_params: dict[str, object]) -> dict[str, object]:
        device.close()
        device.hang_up()
        return {}

    device._commit = fail  # type: ignore[method-assign,assignment]
    assert try_to_provision(master_shop, device, machine_id).status_code != 200
    machine = Machine(machine_id, 2, key_of(app, machine_id, 2))
    machine.write(journal.BOOT)
    message = machine.report()
    (command,) = machine.ack(message, post(master_shop.client, message)).commands
    assert (command.kind, command.args[2]) == (uplink.LOCK, "Call us")
    assert machine_of(master_shop, machine_id)["state"] == "locked"


@pytest.mark.parametrize("took_it", [True, False])
def test_the_next_attempt_learns_what_became_of_the_one_before(master_shop: Shop, app: FastAPI, took_it: bool) -> None:
    """The handler itself fails after the key was stored: by a fault of ours, say. No key is in the way for ever."""
    device, machine_id = master_shop.make_machine()
    committed = device._commit

    def fall_silent(params: dict[str, object]) -> dict[str, object]:
        if took_it:
            committed(params)
        after(device, "hello", refuse)
        device.hang_up()
        return {}

    device._commit = fall_silent  # type: ignore[method-assign]
    assert try_to_provision(master_shop, device, machine_id).status_code != 200
    assert keys_of(app, machine_id) == {1: True, 2: False}
    device._commit = committed  # type: ignore[method-assign]
    device.on_call = lambda _method: None
    assert try_to_provision(master_shop, device, machine_id).json()["epoch"] == 3
    assert keys_of(app, machine_id) == ({1: True, 2: True, 3: True} if took_it else {1: True, 3: True})


def test_an_answer_that_makes_no_sense_is_asked_about(master_shop: Shop, app: FastAPI) -> None:
    """It is no refusal: the device may have the key, and then it counts."""
    device, machine_id = master_shop.make_machine()
    committed = device._commit
    device._commit = lambda params: {**committed(params), "machine_id": "?"}  # type: ignore[method-assign]
    assert try_to_provision(master_shop, device, machine_id).json()["epoch"] == 2
    assert keys_of(app, machine_id) == {1: True, 2: True}


def test_a_device_of_another_master_is_refused(master_shop: Shop) -> None:
    device: FakeDevice = master_shop.child_issuer
    device.authority = bytes(64)
    device.show(master_shop.master)
    machine = master_shop.get("/machines")["items"][1]
    body = {"device_id": master_shop.child_issuer_id, "machine_id": machine["id"]}
    assert master_shop.refused("/authority/provision", "device_refused", **body)["reason"] == "second_master"


def test_a_port_may_not_be_any_url(shop: Shop) -> None:
    body = {"name": "spy", "url": "spy:///dev/ttyUSB0?file=/tmp/x", "role": "swipe"}
    shop.refused("/devices", "invalid_input", **body)


def test_a_missing_device_is_a_clear_error(shop: Shop) -> None:
    shop.child_issuer.close()
    shop.refused(f"/devices/{shop.child_issuer_id}/hello", "device_unreachable")


@pytest.fixture
def certified(app: FastAPI, tmp_path: Path) -> bytes:
    """The server has a certificate, a phone number, and an authority that machines are to trust."""
    folder = tmp_path / "tls"
    certificates.make(folder, ["perscan.example"])
    known = {
        "tls_certificate": folder / "server.pem",
        "tls_key": folder / "server.key",
        "tls_ca": folder / "ca.pem",
        "sms_number": "+4915112345678",
    }
    app.state.context.settings = app.state.context.settings.model_copy(update=known)
    return (folder / "ca.der").read_bytes()


def provisioned(shop: Shop, device: FakeDevice, machine_id: int, settings: dict[str, Any]) -> dict[str, Any]:
    device.show(shop.master)
    body: dict[str, Any] = {"device_id": shop.device_id(device), "machine_id": machine_id, "settings": settings}
    found: dict[str, Any] = shop.post("/authority/provision", **body)["settings"]
    return found


def test_a_machine_learns_whom_to_trust(master_shop: Shop, certified: bytes) -> None:
    device, machine_id = master_shop.make_machine()
    trusting = {"server_tls": True, "server_ca": certified, "server_name": "perscan.example"}
    assert device.settings == {**trusting, "sms_number": "+4915112345678"}
    shown = provisioned(master_shop, device, machine_id, {"apn": "internet", "sim_pin": "1234", "server_name": "other"})
    assert device.settings == {**trusting, "server_name": "other"} | {
        "sms_number": "+4915112345678",
        "apn": "internet",
        "sim_pin": "1234",
    }
    assert (shown["sim_pin"], shown["server_ca"][:8]) == ("***", "SHA-256 ")


def test_plain_http_is_a_choice(master_shop: Shop, certified: bytes) -> None:
    device, machine_id = master_shop.make_machine()
    provisioned(master_shop, device, machine_id, {"server_tls": False, "sms_number": ""})
    assert device.settings == {"server_tls": False, "sms_number": ""}
    assert master_shop.child_issuer.settings == {}


@pytest.mark.parametrize(
    "wrong",
    [{"unknown": 1}, {"report_s": 0}, {"server_ca": "x"}, {"wifi_ssid": ["x"]}, {"server_tls": None}],
)
def test_settings_that_the_device_would_refuse_are_refused_at_once(master_shop: Shop, wrong: dict[str, object]) -> None:
    device, machine_id = master_shop.make_machine()
    device.calls.clear()
    body: dict[str, Any] = {
        "device_id": master_shop.device_id(device),
        "machine_id": machine_id,
        "settings": wrong,
    }
    assert master_shop.refused("/authority/provision", "invalid_input", **body) == {"setting": next(iter(wrong))}
    assert "provision.begin" not in device.calls


def test_settings_that_need_too_much_room_are_said_so(master_shop: Shop, certified: bytes) -> None:
    device, machine_id = master_shop.make_machine()
    long = dict.fromkeys(("wifi_ssid", "wifi_password", "apn", "server_host"), "x" * 120)
    device.show(master_shop.master)
    body: dict[str, Any] = {"device_id": master_shop.device_id(device), "machine_id": machine_id, "settings": long}
    master_shop.refused("/authority/provision", "invalid_input", **body)
    assert machine_of(master_shop, machine_id)["epoch"] == 1


def test_the_most_that_is_let_through_fits_the_host_link(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()
    long: dict[str, object] = dict.fromkeys(("wifi_ssid", "wifi_password", "apn", "apn_user"), "x" * 128)
    provisioned(master_shop, device, machine_id, {**long, "server_path": "/" + "x" * 20})
    assert len(device.settings) == 5


def test_a_lock_holds_for_the_new_epoch(master_shop: Shop) -> None:
    device, machine_id = master_shop.make_machine()
    master_shop.post(f"/machines/{machine_id}/lock", 201, text="Call us")
    provisioned(master_shop, device, machine_id, {})
    found = master_shop.get(f"/machines/{machine_id}/commands")["items"]
    assert [(row["kind"], row["state"], row["args"][2]) for row in found] == [
        ("lock", "queued", "Call us"),
        ("lock", "cancelled", "Call us"),
    ]
    assert machine_of(master_shop, machine_id)["state"] == "locked"
