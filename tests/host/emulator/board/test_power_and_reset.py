"""Power, reset, watchdog, hangs: what kills a board and how it comes back."""

from textwrap import dedent

import pytest

from emulator import process
from emulator.errors import BoardHung, BrokenSeam
from emulator.frames import ITEM_HEAD, ItemParser, Op
from emulator.image import build_image
from emulator.world import World

from .conftest import Start

COUNTS_ITS_STARTS = """
    import machine
    print(machine.reset_cause())
"""


def test_a_watchdog_that_is_not_fed_resets(world: World, start: Start) -> None:
    board = start("""
        import machine, time
        print(machine.reset_cause())
        dog = machine.WDT(timeout=2000)
        for _ in range(5):
            time.sleep_ms(1500)
            dog.feed()
        machine.Pin(25, machine.Pin.OUT, value=1)
        time.sleep(100)
    """)
    assert world.run_until(lambda: board.relay)
    assert board.resets == [1]
    world.run_for(2400)
    assert board.resets == [1, 3]
    assert not board.relay  # pins float through a reset
    assert board.crash_log.split() == ["1", "3"]


def test_a_watchdog_catches_firmware_that_ended_or_hangs(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = start("import machine; machine.WDT(timeout=1000)", name="ended")
    world.run_for(3000)
    assert ended.resets == [1, 3, 3]
    ended.power_off()
    monkeypatch.setattr(process, "HANG_LIMIT_S", 0.2)
    hung = start(
        """
        import machine
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.WDT(timeout=1000)
            while True:
                pass
        print("back")
    """,
        name="hung",
    )
    world.run_for(3000)
    assert hung.resets == [1, 3]
    assert hung.crash_log.split() == ["back"]


def test_firmware_that_hangs_without_a_watchdog_ends_the_test(
    world: World, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "HANG_LIMIT_S", 0.2)
    start("""
        while True:
            pass
    """)
    with pytest.raises(BoardHung, match="board"):
        world.run_for(1000)


def test_reset_and_power_are_told_apart(world: World, start: Start) -> None:
    board = start("""
        import machine
        print(machine.reset_cause(), machine.unique_id().hex())
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.reset()
        if machine.reset_cause() == machine.HARD_RESET:
            machine.soft_reset()
    """)
    world.run_for(2000)
    lines = [line.split() for line in board.crash_log.splitlines()]
    assert [cause for cause, _ in lines] == ["1", "2", "5"]
    assert len({unique_id for _, unique_id in lines}) == 1
    board.reset()
    board.power_off()
    assert not board.running
    board.power_on()
    world.run_for(350)
    assert board.resets == [1, 2, 5, 2, 1, 2]


def test_an_uncaught_error_is_in_the_log_and_the_board_sits_in_its_repl(world: World, start: Start) -> None:
    board = start("""
        def f():
            raise ValueError("oops")
        f()
    """)
    world.run_for(1000)
    assert "main.py" in board.crash_log
    assert "ValueError: oops" in board.crash_log
    assert board.running


def test_boot_py_runs_before_main_py_in_the_same_scope(world: World) -> None:
    files: dict[str, str | bytes] = {"boot.py": "x = 41", "main.py": "import sys; print(x + 1, __name__, sys.path)"}
    board = world.board("board", build_image(files))
    board.power_on()
    world.run_for(1000)
    assert board.crash_log.strip() == "42 __main__ ['', '.frozen', '/lib']"


def test_compiled_modules_are_found_as_on_the_board(world: World) -> None:
    files: dict[str, str | bytes] = {
        "main.py": "import a, pack.b; from c import z; print(a.x, pack.b.y, z)",
        "a.py": "x = 1",
        "lib/pack/__init__.py": "",
        "lib/pack/b.py": "y = 2",
        "lib/c.py": "z = 3",
    }
    board = world.board("board", build_image(files))
    board.power_on()
    world.run_for(1000)
    assert board.crash_log.strip() == "1 2 3"


def test_the_board_has_no_way_to_the_host(world: World, start: Start) -> None:
    board = start("""
        import os, sys
        print(os.listdir("/"), hasattr(os, "system"), hasattr(os, "getenv"), hasattr(os, "sync"))
    """)
    world.run_for(1000)
    assert board.crash_log.strip() == "['main.py'] False False False"


def test_a_board_that_sends_no_frames_is_a_broken_seam(world: World, start: Start) -> None:
    start("""
        import _link
        _link._requests.write(b"\\xff" * 64)
    """)
    with pytest.raises(BrokenSeam, match="0xff"):
        world.run_for(1000)


def test_frames_may_come_in_any_pieces() -> None:
    stream = b"".join(
        ITEM_HEAD.pack(n, Op.UART_WRITE, 0, len(payload)) + payload
        for n, payload in enumerate([b"", b"a", b"bc" * 300])
    )
    for size in (1, 5, 12, 13, 1000):
        parser = ItemParser()
        pieces = [parser.feed(stream[start : start + size]) for start in range(0, len(stream), size)]
        items = [item for piece in pieces for item in piece]
        assert [item.payload for item in items] == [b"", b"a", b"bc" * 300]
        assert [item.time_us for item in items] == [0, 1, 2]


def test_the_process_ends_with_its_world() -> None:
    with World() as world:
        board = world.board("board", build_image({"main.py": dedent(COUNTS_ITS_STARTS)}))
        board.power_on()
        world.run_for(400)
        pid = board.process_id
    assert not process.lives(pid)


def test_the_heap_is_what_was_asked_for(world: World, start: Start) -> None:
    board = start(
        """
        import gc
        try:
            hog = [bytearray(1024) for _ in range(1024)]
        except MemoryError:
            hog = None
            print("full")
    """,
        heap_words_k=96,
    )
    world.run_for(1000)
    assert board.crash_log.strip() == "full"
    # The collector's own tables are in it too.
    assert 0.97 * 96 * 2048 < board.heap_report.size <= 96 * 2048


def test_the_stand_ins_leave_the_heap_to_the_firmware(world: World, start: Start) -> None:
    board = start("pass", heap_words_k=96)
    world.run_for(1000)
    assert 0 < board.heap_report.stand_ins <= 13_200


def test_the_heap_is_told_module_by_module(world: World) -> None:
    files: dict[str, str | bytes] = {
        "main.py": "import outer, time\nkeep = bytearray(30000)\ntime.sleep(1)\nkeep = None\ntime.sleep(1)",
        "outer.py": "import inner\ndata = bytearray(5000)",
        "inner.py": "data = bytearray(10000)",
    }
    board = world.board("board", build_image(files), heap_words_k=96)
    board.watch_heap = True
    board.power_on()
    world.run_for(4000)
    report = board.heap_report
    assert 5000 < report.imports["outer"] < 7000
    assert 10_000 < report.imports["inner"] < 12_000
    assert 45_000 < report.firmware_peak < 55_000
