"""Readers that die, flash that is full or damaged, ticks that wrap."""

import pytest
from littlefs import LittleFS
from protocol import journal

from emulator import image as image_format
from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.faults import TearPoint
from emulator.flash import BLOCK_BYTES, Flash
from emulator.image import read_files
from emulator.kit import BatchOrder, TestAuthority, tap
from emulator.kit.machines import HEAP_WORDS_K, await_service, provision
from emulator.world import World

NOTICED_MS = 10_000
LEFT_BLOCKS = 8
QUIET_MS = 5000


def test_dead_reader_is_started_anew(machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    machine.reader.die()
    before = machine.host.call("status")["reader"]["reinits"]
    world.run_for(NOTICED_MS)
    reader = machine.host.call("status")["reader"]
    assert reader["healthy"]
    assert reader["reinits"] > before
    assert machine.host.take_notifications("reader")
    assert tap(machine, authority.one_time_card(order, 1000))["reason"] == "granted"


def test_reader_that_stays_dead_and_comes_back(
    machine: Board, authority: TestAuthority, order: BatchOrder, world: World
) -> None:
    machine.reader.faults.bus_reads = 0x00
    world.run_for(NOTICED_MS)
    assert not machine.host.call("status")["reader"]["healthy"]
    seq = machine.host.call("status")["journal"]["seq"]
    world.run_for(30_000)
    assert machine.host.call("status")["journal"]["seq"] == seq, "one entry for each death, not for each try"
    machine.reader.faults.bus_reads = None
    world.run_for(NOTICED_MS)
    assert machine.host.call("status")["reader"]["healthy"]
    assert tap(machine, authority.one_time_card(order, 1000))["reason"] == "granted"


def test_reader_dead_at_power_up(machine: Board, world: World) -> None:
    machine.power_off()
    machine.reader.faults.bus_reads = 0xFF
    machine.power_on()
    await_service(machine)
    assert not machine.host.call("status")["reader"]["healthy"]
    machine.reader.faults.bus_reads = None
    world.run_for(NOTICED_MS)
    assert machine.host.call("status")["reader"]["healthy"]


def test_a_card_that_flickers_is_debited_in_one_tap(
    machine: Board, authority: TestAuthority, order: BatchOrder, world: World
) -> None:
    """A hand trembles: once the card has been read, a moment without it is bridged and nobody is asked to tap again."""
    field = machine.field

    def until_heard(card: ClassicCard) -> list[str]:
        while not (heard := machine.host.take_notifications("tap")):
            if card not in field.cards:
                field.tears.clear()
                world.run_for(10)
                field.enter(card)
            world.run_for(1)
        return [message["params"]["reason"] for message in heard]

    before = field.frame_count
    card = authority.one_time_card(order, 1000)
    field.enter(card)
    assert until_heard(card) == ["granted"]
    frames = field.frame_count - before
    for frame in range(frames - 8, frames):  # proving the key, the burn, reading it back
        field.leave(card)
        machine.host.call("swipe.end")
        card = authority.one_time_card(order, 1001 + frame)
        field.tear(TearPoint(field.frame_count + frame, "before"))
        field.enter(card)
        assert until_heard(card) == ["granted"], frame


def test_damaged_journal_is_loud(machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    """The machine does not forget spent cards silently: it stops."""
    tap(machine, authority.one_time_card(order, 1000))
    world.run_for(10_000)
    machine.power_off()
    image = bytearray(machine.flash.image())
    content = next(data for path, data in read_files(bytes(image)).items() if path.endswith("/journal/checkpoint"))
    place = image.find(content[:20])
    while place >= 0:
        image[place + 10] ^= 0x10
        place = image.find(content[:20], place + 1)
    broken = world.board("broken", flash=Flash(bytes(image)), heap_words_k=HEAP_WORDS_K)
    broken.power_on()
    await_service(broken)
    assert broken.host.call("status")["fault"] is not None
    assert not broken.relay
    with pytest.raises(HostError) as error:
        broken.host.call("swipe.debit", timeout_ms=100)
    assert error.value.reason == "storage_failed"
    with pytest.raises(HostError) as error:  # not even the authority makes it forget in the same epoch
        provision(broken, authority, epoch=1)
    assert error.value.reason == "storage_failed"
    provision(broken, authority, epoch=2)
    assert broken.host.call("status")["fault"] is None
    assert "Memory failed" in str(broken.host.notifications)


def test_storage_full(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    """Refused before anything is burnt; what is there stays there."""
    machine.power_off()
    _fill_flash(machine)
    machine.power_on()
    await_service(machine)
    machine.world.run_for(QUIET_MS)  # it looks how much is free
    card = authority.one_time_card(order, 1000)
    writes = card.writes
    assert tap(machine, card)["reason"] == "storage_full"
    assert card.writes == writes
    assert not machine.relay
    assert machine.host.call("status")["batches"][0]["left"] == 100


def test_ticks_wrap(machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    machine.power_off()
    machine.ticks_start_us = 2**30 - 4_000_000
    machine.power_on()
    await_service(machine)
    world.run_for(6000)
    assert tap(machine, authority.one_time_card(order, 1000))["reason"] == "granted"
    assert machine.host.call("status")["uptime_ms"] > 6000


def test_the_same_seed_gives_the_same_run(authority: TestAuthority) -> None:
    from emulator.kit import swipe_machine

    traces = []
    for _ in range(2):
        with World(seed=5) as world:
            owner = TestAuthority(seed=5)
            board = swipe_machine(world, owner)
            order = owner.batch()
            tap(board, owner.batch_card(order))
            tap(board, owner.one_time_card(order, 1000))
            traces.append([entry for entry in world.trace if entry.what != "host"])
    assert traces[0] == traces[1]


def test_every_boot_is_in_the_journal(machine: Board) -> None:
    machine.power_off()
    machine.power_on()
    await_service(machine)
    assert machine.host.call("status")["journal"]["seq"] >= 3
    assert journal.BOOT == 1


def _fill_flash(machine: Board) -> None:
    """A large file, as an update that went wrong would leave."""
    disk = LittleFS(
        mount=False,
        block_size=BLOCK_BYTES,
        block_count=image_format.FILE_BLOCKS,
        read_size=image_format.READ_BYTES,
        prog_size=image_format.PROGRAM_BYTES,
        cache_size=image_format.CACHE_BYTES,
        lookahead_size=image_format.LOOKAHEAD_BYTES,
    )
    disk.context.buffer = bytearray(machine.flash.image()[: image_format.ROM_OFFSET])
    disk.mount()
    with disk.open("/rubbish", "wb") as file:
        file.write(bytes((image_format.FILE_BLOCKS - disk.used_block_count - LEFT_BLOCKS) * (BLOCK_BYTES - 8)))
    rom = machine.flash.image()[image_format.ROM_OFFSET :]
    machine.flash.load(bytes(disk.context.buffer) + rom)
