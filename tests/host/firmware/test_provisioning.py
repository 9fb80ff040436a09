"""Factory initialisation: only what the master card's authority signed for this device and this nonce."""

import pytest

from emulator.device import Board
from emulator.errors import HostError
from emulator.kit import TestAuthority, blank_machine, swipe_machine
from emulator.kit.machines import await_service, provision
from emulator.world import World


def show_master(board: Board, authority: TestAuthority) -> None:
    card = authority.master_card()
    board.field.enter(card)
    try:
        board.host.call("provision.master", uid=card.uid.hex(), read_key=authority.read_key(card.uid).hex())
    finally:
        board.field.leave(card)


def begin(board: Board, machine_id: int = 1, epoch: int = 1, role: str = "swipe") -> bytes:
    return bytes.fromhex(board.host.call("provision.begin", role=role, machine_id=machine_id, epoch=epoch)["nonce"])


def refusal(board: Board, method: str, **params: object) -> str:
    with pytest.raises(HostError) as error:
        board.host.call(method, **params)
    return str(error.value.reason)


def commit(board: Board, message: bytes, signature: bytes) -> str:
    return refusal(board, "provision.commit", message=message.hex(), signature=signature.hex())


def test_blank(world: World) -> None:
    board = blank_machine(world)
    hello = board.host.call("hello")
    assert (hello["role"], hello["authority"], hello["machine_id"]) == (None, None, 0)
    assert refusal(board, "swipe.debit", timeout_ms=1) == "wrong_role"
    assert refusal(board, "uplink.now") == "not_provisioned"


@pytest.mark.parametrize("role", ["swipe", "child_issuer", "master_issuer"])
def test_roles(world: World, authority: TestAuthority, role: str) -> None:
    board = blank_machine(world)
    provision(board, authority, role, machine_id=5, epoch=2, institution=77)
    for _ in range(2):
        hello = board.host.call("hello")
        assert hello["role"] == role
        assert (hello["machine_id"], hello["epoch"], hello["institution"]) == (5, 2, 77)
        assert hello["authority"] == authority.authority_key.hex()
        board.power_off()
        board.power_on()
        await_service(board)


def test_finding_the_master_card(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    card = authority.master_card()
    world.at(500, lambda: board.field.enter(card))
    found = board.host.call("card.wait", timeout_ms=5000)
    assert (found["uid"], found["kind"], found["medium"]) == (card.uid.hex(), "master", "classic1k")


def test_wrong_read_key(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    begin(board)
    card = authority.master_card()
    board.field.enter(card)
    assert refusal(board, "provision.master", uid=card.uid.hex(), read_key="00" * 6) == "wrong_card"


def test_second_master(world: World, authority: TestAuthority) -> None:
    board = swipe_machine(world, authority)
    begin(board, epoch=2)
    other = TestAuthority(seed=50)
    card = other.master_card()
    board.field.enter(card)
    read_key = other.read_key(card.uid).hex()
    assert refusal(board, "provision.master", uid=card.uid.hex(), read_key=read_key) == "second_master"
    assert board.host.call("hello")["authority"] == authority.authority_key.hex()


def test_commit_needs_the_master_card(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    message, signature = authority.provisioning(begin(board))
    assert commit(board, message, signature) == "not_provisioned"


def test_replayed_message(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    message, signature = authority.provisioning(begin(board))
    begin(board)
    show_master(board, authority)
    assert commit(board, message, signature) == "forged"
    assert board.host.call("hello")["role"] is None


def test_altered_message(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    message, signature = authority.provisioning(begin(board))
    show_master(board, authority)
    altered = bytearray(message)
    altered[-40] ^= 1
    assert commit(board, bytes(altered), signature) == "forged"
    assert commit(board, message, bytes(64)) == "forged"


def test_message_for_another_machine(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    message, signature = authority.provisioning(begin(board), machine_id=2)
    show_master(board, authority)
    assert commit(board, message, signature) == "forged"


def test_epoch_does_not_go_back(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    provision(board, authority, epoch=3)
    assert refusal(board, "provision.begin", role="swipe", machine_id=1, epoch=2) == "malformed"


def test_new_epoch_begins_a_new_journal(world: World, authority: TestAuthority) -> None:
    board = swipe_machine(world, authority)
    provision(board, authority, epoch=2)
    hello = board.host.call("hello")
    assert hello["epoch"] == 2
    assert board.host.call("status")["journal"]["seq"] == 1


def test_power_cut_at_every_flash_operation(world: World, authority: TestAuthority) -> None:
    """Afterwards the device is blank or provisioned, never something between."""
    for operation in range(1, 24, 2):
        board = blank_machine(world, f"board {operation}")
        message, signature = authority.provisioning(begin(board))
        show_master(board, authority)
        board.flash.cut_at(operation, half=operation % 4 == 1)
        call = board.host.start("provision.commit", message=message.hex(), signature=signature.hex())
        world.run_for(3000)
        if board.powered:
            assert board.host.finish(call) == {"machine_id": 1}
        board.flash.cut_at(None)
        board.power_off()
        board.power_on()
        await_service(board)
        assert board.host.call("status")["fault"] is None
        if board.host.call("hello")["role"] is None:
            provision(board, authority)
        assert board.host.call("hello")["role"] == "swipe"
        board.power_off()


def test_bootstrap_only_on_a_blank_device(world: World, authority: TestAuthority) -> None:
    board = blank_machine(world)
    board.host.call("provision.bootstrap", role="master_issuer")
    assert board.host.call("hello")["role"] == "master_issuer"
    assert refusal(board, "provision.bootstrap", role="master_issuer") == "second_master"
    other = blank_machine(world, "other")
    assert refusal(other, "provision.bootstrap", role="swipe") == "malformed"


def test_unreported_exams_are_not_thrown_away(world: World, authority: TestAuthority) -> None:
    from emulator.kit import tap

    board = swipe_machine(world, authority)
    order = authority.batch()
    tap(board, authority.batch_card(order))
    tap(board, authority.one_time_card(order, 1000))
    assert refusal(board, "provision.begin", role="swipe", machine_id=1, epoch=2) == "busy"
    board.host.call("swipe.end")
    message, signature = authority.provisioning(begin(board, epoch=2), epoch=2)
    show_master(board, authority)
    assert commit(board, message, signature) == "busy"
    assert board.host.call("hello")["epoch"] == 1
