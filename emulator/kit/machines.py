"""Machines that were initialised the real way: over the host link, with a master card in their field."""

from typing import Final

from emulator.device import Board
from emulator.heap import MODEM_KIB, WIFI_KIB, words_k
from emulator.image import build_image
from emulator.kit.authority import TestAuthority
from emulator.world import World

BOOT_TIMEOUT_MS: Final = 20_000
HEAP_WORDS_K: Final = words_k(WIFI_KIB)
MODEM_HEAP_WORDS_K: Final = words_k(MODEM_KIB)  # of machines whose reports go by GPRS: Wi-Fi is off then


def blank_machine(
    world: World, name: str = "machine", image: bytes | None = None, heap_words_k: int | None = HEAP_WORDS_K
) -> Board:
    """Power on, nothing known yet, the host link answering."""
    board = world.board(name, image=image or build_image(), heap_words_k=heap_words_k)
    board.power_on()
    await_service(board)
    return board


def await_service(board: Board) -> None:
    """Until the firmware answers on its host link."""
    starts = board.starts
    answered: list[int] = []

    def up() -> bool:
        if board.starts != starts or not board.running:
            return True
        return any(board.host.answered(number) for number in answered)

    board.world.run_for(800)
    for _ in range(BOOT_TIMEOUT_MS // 1000):
        answered.append(board.host.start("hello"))
        if board.world.run_until(up, 1000):
            break
    if not (answered and board.host.answered(answered[-1])):
        raise AssertionError(f"{board.name} does not answer:\n{board.crash_log}")
    board.host.finish(answered[-1])


def provision(
    board: Board,
    authority: TestAuthority,
    role: str = "swipe",
    machine_id: int = 1,
    epoch: int = 1,
    institution: int = 10,
    settings: dict[str, object] | None = None,
) -> None:
    """The factory's part: nonce, master card, signed message."""
    begun = board.host.call("provision.begin", role=role, machine_id=machine_id, epoch=epoch)
    master = authority.master_card()
    board.field.enter(master)
    board.host.call("provision.master", uid=master.uid.hex(), read_key=authority.read_key(master.uid).hex())
    board.field.leave(master)
    message, signature = authority.provisioning(
        bytes.fromhex(begun["nonce"]), role, machine_id, epoch, institution, settings
    )
    board.host.call("provision.commit", message=message.hex(), signature=signature.hex())


def swipe_machine(
    world: World,
    authority: TestAuthority,
    name: str = "swipe",
    machine_id: int = 1,
    institution: int = 10,
    settings: dict[str, object] | None = None,
    image: bytes | None = None,
    heap_words_k: int | None = HEAP_WORDS_K,
) -> Board:
    """Provisioned, without a batch."""
    board = blank_machine(world, name, image, heap_words_k)
    provision(board, authority, "swipe", machine_id, 1, institution, settings)
    return board


def master_issuer(world: World, authority: TestAuthority | None = None, name: str = "master issuer") -> Board:
    """Provisioned by the authority, or bootstrapped when there is none yet."""
    board = blank_machine(world, name)
    if authority is None:
        board.host.call("provision.bootstrap", role="master_issuer")
    else:
        provision(board, authority, "master_issuer", machine_id=900, institution=0)
    return board


def child_issuer(world: World, authority: TestAuthority, name: str = "child issuer") -> Board:
    """Provisioned by the authority."""
    board = blank_machine(world, name)
    provision(board, authority, "child_issuer", machine_id=901, institution=0)
    return board
