"""A second master card, and recorded initialisations: a machine keeps its authority, the back office makes one card."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from client.errors import Refused
from client.link import HostLink
from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.kit import TestAuthority, blank_machine
from emulator.kit.machines import provision
from emulator.world import World
from tests.host.backoffice.issuing.boards import Desk, Reader
from tests.host.backoffice.issuing.conftest import CHEAP
from tests.host.system.clinic import BATCH, Clinic, exam

THIEF = TestAuthority(seed=666)
PIN = "48151623"


def begin(machine: Board, role: str = "swipe", machine_id: int = 1, epoch: int = 2) -> bytes:
    return bytes.fromhex(machine.host.call("provision.begin", role=role, machine_id=machine_id, epoch=epoch)["nonce"])


def show_master(machine: Board, authority: TestAuthority) -> None:
    card = authority.master_card()
    machine.field.enter(card)
    try:
        machine.host.call("provision.master", uid=card.uid.hex(), read_key=authority.read_key(card.uid).hex())
    finally:
        machine.field.leave(card)


def commit(machine: Board, message: bytes, signature: bytes) -> None:
    machine.host.call("provision.commit", message=message.hex(), signature=signature.hex())


def assert_unmoved(clinic: Clinic, machine: Board) -> None:
    """Same authority, same number, same epoch, and its cards are worth what they were."""
    hello = machine.host.call("hello")
    assert hello["authority"] == clinic.authority.authority_key.hex()
    assert (hello["role"], hello["machine_id"], hello["epoch"]) == ("swipe", 1, 1)
    machine.power_off()
    again = clinic.wake("after the power came back", machine.flash.image())
    assert [batch["batch"] for batch in again.host.call("status")["batches"]] == [BATCH]
    exam(again, clinic.card())


def test_a_machine_refuses_a_second_master_card(clinic: Clinic) -> None:
    machine = clinic.machine()
    nonce = begin(machine)
    with pytest.raises(HostError) as refusal:
        show_master(machine, THIEF)
    assert refusal.value.reason == "second_master"
    with pytest.raises(HostError) as refusal:
        commit(machine, *THIEF.provisioning(nonce, epoch=2))
    assert refusal.value.reason == "not_provisioned"
    assert_unmoved(clinic, machine)


def test_a_message_of_another_authority_behind_the_right_master_card(clinic: Clinic) -> None:
    machine = clinic.machine()
    nonce = begin(machine)
    show_master(machine, clinic.authority)
    with pytest.raises(HostError) as refusal:
        commit(machine, *THIEF.provisioning(nonce, epoch=2))
    assert refusal.value.reason == "forged"
    assert_unmoved(clinic, machine)


def test_recorded_initialisation_with_an_old_nonce(clinic: Clinic) -> None:
    """Genuine, signed, for this machine: but the answer to another question."""
    machine = clinic.machine()
    recorded = clinic.authority.provisioning(begin(machine), epoch=2)
    nonce = begin(machine)
    show_master(machine, clinic.authority)
    assert recorded[0] != clinic.authority.provisioning(nonce, epoch=2)[0]
    with pytest.raises(HostError) as refusal:
        commit(machine, *recorded)
    assert refusal.value.reason == "forged"
    assert_unmoved(clinic, machine)


def test_recorded_initialisation_on_another_machine(clinic: Clinic) -> None:
    """The same message never makes a second machine with the same keys."""
    first = clinic.machine()
    message = clinic.authority.provisioning(begin(first), epoch=2)
    second = clinic.machine(2)
    begin(second, machine_id=1)
    show_master(second, clinic.authority)
    with pytest.raises(HostError) as refusal:
        commit(second, *message)
    assert refusal.value.reason == "forged"


@pytest.mark.parametrize(
    "change", [{"machine_id": 3}, {"epoch": 9}, {"role": "child_issuer"}], ids=["machine", "epoch", "role"]
)
def test_initialisation_as_something_else_than_was_begun(clinic: Clinic, change: dict[str, object]) -> None:
    machine = clinic.machine()
    nonce = begin(machine)
    show_master(machine, clinic.authority)
    wanted: dict[str, object] = {"role": "swipe", "machine_id": 1, "epoch": 2, **change}
    with pytest.raises(HostError) as refusal:
        commit(machine, *clinic.authority.provisioning(nonce, **wanted))  # type: ignore[arg-type]
    assert refusal.value.reason == "forged"
    assert_unmoved(clinic, machine)


def test_initialisation_with_an_epoch_that_is_over(clinic: Clinic) -> None:
    with World(seed=2) as world:
        machine = blank_machine(world)
        provision(machine, clinic.authority, machine_id=1, epoch=5)
        with pytest.raises(HostError, match="epoch 4 is over"):
            begin(machine, epoch=4)


@pytest.fixture
def real_world() -> Iterator[World]:
    with World(seed=20, real_time=True) as world:
        yield world


@pytest.fixture
def desk(app: FastAPI, administrator: TestClient, real_world: World) -> Desk:
    """An issuing desk; its boards live in real time."""
    app.state.workshop.cost = CHEAP
    return Desk(administrator, real_world)


def test_the_back_office_makes_one_master_card(desk: Desk, real_world: World, administrator: TestClient) -> None:
    """The second blank stays blank, whatever is said about weak media, and the first card stays the one."""
    reader = Reader(real_world, "master issuer")
    desk.post("/machines", role="master_issuer", name="master issuer")
    device_id = desk.post("/devices", name="master issuer", url=reader.url, role="master_issuer")["id"]
    wanted = {"device_id": device_id, "pin": PIN, "accept_weak_medium": True}
    master, second = desk.blank(), desk.blank()
    reader.lay(master)
    made = desk.post("/authority/master", **wanted)
    before = (master.image(), second.image())
    reader.lay(second)
    answer = administrator.post("/api/v1/authority/master", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "second_master")
    assert (master.image(), second.image()) == before
    assert [(row["id"], row["state"]) for row in desk.get("/authority/master")] == [(made["master_id"], "active")]
    assert_the_issuer_keeps_its_authority(reader, made["authority_key"], second)


def assert_the_issuer_keeps_its_authority(reader: Reader, authority_key: str, blank: ClassicCard) -> None:
    """Past the back office, straight at the issuer: it writes no master card of another authority."""
    order = {
        "uid": blank.uid.hex(),
        "kind": "master",
        "record": THIEF.master(2).encode().hex(),
        "read_key": THIEF.read_key(blank.uid).hex(),
        "write_key": THIEF.write_key(blank.uid).hex(),
    }
    with HostLink(reader.url) as link:
        assert link.call("hello")["authority"] == authority_key
        with pytest.raises(Refused) as refusal:
            link.call("card.write", order)
        assert refusal.value.reason == "second_master"
