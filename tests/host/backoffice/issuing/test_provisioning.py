"""Devices learn whose they are from the master card, and are never mistaken for each other."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from protocol import keys

from backoffice.machines import service as machines
from backoffice.tls import certificates
from tests.host.backoffice.issuing.fake_device import FakeDevice, Refusal
from tests.host.backoffice.issuing.shop import Shop


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
