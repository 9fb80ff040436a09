"""The flash: NOR's rules, cuts, and what real littlefs makes of them."""

from textwrap import dedent
from typing import NamedTuple

import pytest

from emulator.flash import BLOCK_BYTES, PAGE_PROGRAM_US, SECTOR_ERASE_US, SIZE_BYTES, Flash, PowerCut
from emulator.image import ROM_OFFSET, build_image, read_files
from emulator.world import World

from .conftest import Start

RECORDS = 12
APPENDER = (
    dedent("""
    import machine
    done = machine.Pin(25, machine.Pin.OUT, value=0)
    with open("/journal", "ab") as file:
        for n in range(%d):
            file.write(bytes([n + 1]) * 20)
            file.flush()
            done.value(1)  # from here on the record may not be lost
            done.value(0)
""")
    % RECORDS
)


def test_programming_only_clears_bits() -> None:
    flash = Flash()
    flash.program(0, b"\xf0\x0f")
    assert flash.image()[:2] == b"\xf0\x0f"
    flash.program(0, b"\x30\xff")
    assert flash.image()[:2] == b"\x30\x0f"
    assert [(error.operation, error.offset) for error in flash.errors] == [(2, 0)]


def test_operations_take_their_time_and_wear_the_sector() -> None:
    flash = Flash()
    assert flash.program(200, bytes(100)) == 2 * PAGE_PROGRAM_US
    assert flash.erase(2 * BLOCK_BYTES) == SECTOR_ERASE_US
    assert flash.operations == 2
    assert flash.wear[:4] == [0, 0, 1, 0]
    assert flash.image()[200:300] == bytes(100)


def test_a_clean_cut_changes_nothing_and_a_half_one_something() -> None:
    flash = Flash(seed=3)
    flash.program(0, bytes(50))
    flash.cut_at(1)
    with pytest.raises(PowerCut):
        flash.program(100, bytes(64))
    assert flash.image()[100:164] == b"\xff" * 64
    flash.cut_at(2, half=True)
    flash.program(100, bytes(4))
    with pytest.raises(PowerCut):
        flash.program(200, bytes(64))
    written = flash.image()[200:264]
    assert written.count(0) < 64
    assert not flash.cut_pending
    flash.program(200, bytes(64))
    assert flash.image()[200:264] == bytes(64)


def test_a_half_cut_is_the_same_for_the_same_seed() -> None:
    images = []
    for _ in range(2):
        flash = Flash(seed=9)
        flash.program(0, bytes(BLOCK_BYTES))
        flash.cut_at(1, half=True)
        with pytest.raises(PowerCut):
            flash.erase(0)
        images.append(flash.image())
    assert images[0] == images[1]
    assert bytes(1) in images[0][:BLOCK_BYTES]


@pytest.mark.parametrize("size", [0, 10, SIZE_BYTES - 1, SIZE_BYTES + 1])
def test_an_image_has_the_size_of_the_chip(size: int) -> None:
    with pytest.raises(ValueError, match="2097152"):
        Flash().load(bytes(size))


def test_an_operation_outside_the_chip_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Flash().program(SIZE_BYTES - 1, bytes(2))


def test_images_are_deterministic_and_readable() -> None:
    files: dict[str, str | bytes] = {"main.py": "print(1)", "lib/a/b.py": "x = 1", "data.bin": b"\x00\x01"}
    image = build_image(files)
    assert image == build_image(dict(reversed(files.items())))
    found = read_files(image)
    assert sorted(found) == ["/data.bin", "/main.py"]
    assert found["/data.bin"] == b"\x00\x01"
    rom = image[ROM_OFFSET:]
    assert rom.startswith(b"\xd2\xcd\x31")
    assert b"b.mpy" in rom


def test_files_survive_a_move_to_another_board(world: World, start: Start) -> None:
    first = start("""
        with open("/kept", "w") as file:
            file.write("hello")
    """)
    world.run_for(1000)
    first.power_off()
    second = world.board("second", flash=first.flash)
    assert read_files(second.flash.image())["/kept"] == b"hello"


def test_a_blank_flash_is_formatted_as_the_port_does(world: World) -> None:
    board = world.board("blank", flash=Flash())
    board.power_on()
    world.run_for(2000)
    assert read_files(board.flash.image()) == {}


def test_an_open_file_that_is_flushed_loses_nothing_at_any_cut() -> None:
    """Every operation of the workload, clean and half-written; a record is due once flush() has returned."""
    image = build_image({"main.py": APPENDER})
    operations = run_and_cut(image, None).operations
    assert operations > RECORDS
    for half in (False, True):
        for operation in range(1, operations + 1):
            assert not run_and_cut(image, operation, half).lost, f"cut at {operation}, half={half}"


def test_the_same_without_flush_is_seen_to_lose() -> None:
    image = build_image({"main.py": APPENDER.replace("file.flush()", "pass")})
    operations = run_and_cut(image, None).operations
    assert any(run_and_cut(image, operation).lost for operation in range(1, operations + 1))


class Outcome(NamedTuple):
    lost: bool
    operations: int


def run_and_cut(image: bytes, operation: int | None, half: bool = False) -> Outcome:
    with World(seed=operation or 0) as world:
        board = world.board("board", image)
        board.flash.cut_at(operation, half)
        board.power_on()
        world.run_for(3000)
        assert board.powered == (operation is None)
        assert not board.flash.errors
        due = b"".join(bytes([n + 1]) * 20 for n in range(sum(level for _, level in board.relay_log)))
        kept = read_files(board.flash.image()).get("/journal", b"")
        return Outcome(not kept.startswith(due), board.flash.operations)


def test_the_board_mounts_what_a_cut_left() -> None:
    image = build_image({"main.py": APPENDER})
    operation = 13
    with World() as world:
        board = world.board("board", image)
        board.flash.cut_at(operation, half=True)
        board.power_on()
        world.run_for(3000)
        assert not board.powered
        board.power_on()
        world.run_for(3000)
        assert "Traceback" not in board.crash_log
        assert board.counters.flash_progs > operation


def test_each_change_is_counted_and_takes_virtual_time(world: World, start: Start) -> None:
    board = start("""
        import time
        before = time.ticks_ms()
        with open("/f", "wb") as file:
            file.write(bytes(5000))
        print(time.ticks_diff(time.ticks_ms(), before))
    """)
    world.run_for(3000)
    busy_ms = board.flash.counters.busy_us // 1000
    assert busy_ms > 100
    assert abs(int(board.crash_log) - busy_ms) <= 2
    assert board.counters.flash_erases == board.flash.counters.erases == sum(board.flash.wear)
    assert board.counters.flash_progs == board.flash.counters.programs
