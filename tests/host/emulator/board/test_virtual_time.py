"""The clock of the world is the only clock the firmware has: MicroPython's own asyncio runs on it."""

import time
from textwrap import dedent

from emulator.device import Board
from emulator.image import build_image
from emulator.world import World

from .conftest import Start


def printed(board: Board) -> list[str]:
    return board.crash_log.split()


def test_an_hours_sleep_returns_at_once(world: World, start: Start) -> None:
    board = start("""
        import asyncio, time
        async def main():
            before = time.ticks_ms()
            await asyncio.sleep(3600)
            print(time.ticks_diff(time.ticks_ms(), before))
        asyncio.run(main())
    """)
    began = time.monotonic()
    world.run_for(3_601_000)
    assert printed(board) == ["3600000"]
    assert time.monotonic() - began < 60  # a bound on the nonsense, no measurement


def test_asyncio_is_the_ports_own(world: World, start: Start) -> None:
    board = start("""
        import asyncio, _asyncio
        from asyncio import core
        print(core.TaskQueue is _asyncio.TaskQueue, core.__file__)
    """)
    world.run_for(1000)
    assert printed(board) == ["True", "asyncio/core.py"]


def test_tasks_run_in_the_order_of_their_times(world: World, start: Start) -> None:
    board = start("""
        import asyncio
        async def say(ms):
            for _ in range(3):
                await asyncio.sleep_ms(ms)
                print(ms)
        async def main():
            await asyncio.gather(say(100), say(70), say(220))
        asyncio.run(main())
    """)
    world.run_for(2000)
    assert printed(board) == ["70", "100", "70", "100", "70", "220", "100", "220", "220"]


def test_timeouts_cancel_events_and_locks_work(world: World, start: Start) -> None:
    board = start("""
        import asyncio, time
        async def main():
            event = asyncio.Event()
            try:
                await asyncio.wait_for_ms(event.wait(), 500)
            except asyncio.TimeoutError:
                print("timeout", time.ticks_ms())
            async def sleeper():
                await asyncio.sleep(1000)
            task = asyncio.create_task(sleeper())
            await asyncio.sleep_ms(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                print("cancelled", time.ticks_ms())
            async def setter():
                await asyncio.sleep_ms(250)
                event.set()
            asyncio.create_task(setter())
            await event.wait()
            print("set", time.ticks_ms())
        asyncio.run(main())
    """)
    world.run_for(5000)
    assert printed(board) == ["timeout", "500", "cancelled", "500", "set", "750"]


def test_a_loop_that_watches_the_clock_ends(world: World, start: Start) -> None:
    board = start("""
        import time
        deadline = time.ticks_add(time.ticks_us(), 20000)
        while time.ticks_diff(deadline, time.ticks_us()) > 0:
            pass
        print(time.ticks_ms())
    """)
    world.run_for(1000)
    assert printed(board) == ["20"]


def test_ticks_wrap_as_on_the_board(world: World, start: Start) -> None:
    board = world.board(
        "old",
        build_image(
            {
                "main.py": dedent("""
        import time
        before = time.ticks_us()
        time.sleep_ms(200)
        after = time.ticks_us()
        print(after < before, time.ticks_diff(after, before) // 1000)
    """)
            }
        ),
    )
    board.ticks_start_us = (1 << 30) - 100_000
    board.power_on()
    world.run_for(1000)
    assert printed(board) == ["True", "200"]


def test_the_clock_starts_in_2000_and_keeps_what_it_is_set_to_over_a_reset(world: World, start: Start) -> None:
    board = start("""
        import machine, time
        print(time.gmtime()[0])
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.RTC().datetime((2026, 11, 23, 0, 12, 0, 0, 0))
            time.sleep(2)
            machine.reset()
        print(machine.RTC().datetime()[:7], time.gmtime(0)[:3], time.mktime((2000, 1, 2, 0, 0, 0, 0, 0)))
    """)
    world.run_for(5000)
    assert board.crash_log.splitlines() == ["2000", "2026", "(2026, 11, 23, 0, 12, 0, 2) (2000, 1, 1) 86400"]
    board.power_off()
    board.power_on()
    world.run_for(400)
    assert board.crash_log.splitlines()[3] == "2000"  # no battery


def test_boards_are_served_in_the_order_of_their_times(world: World) -> None:
    image = build_image(
        {
            "main.py": dedent("""
        import machine, time
        pin = machine.Pin(25, machine.Pin.OUT, value=0)
        for _ in range(20):
            time.sleep_ms(10 + machine.unique_id()[5] % 7)
            pin.value(not pin.value())
    """)
        }
    )
    boards = [world.board(f"board{n}", image) for n in range(3)]
    for board in boards:
        board.power_on()
    world.run_for(2000)
    moves = [entry.time_us for entry in world.trace if entry.what == "relay"]
    assert len(moves) == 60
    assert moves == sorted(moves)


def test_a_predicate_ends_the_run_and_a_timeout_is_told(world: World, start: Start) -> None:
    board = start("""
        import machine, time
        time.sleep(3)
        machine.Pin(25, machine.Pin.OUT, value=1)
    """)
    assert not world.run_until(lambda: board.relay, timeout_ms=2000)
    assert world.now_us == 2_000_000
    assert world.run_until(lambda: board.relay, timeout_ms=2000)
    assert 3_300_000 <= world.now_us < 3_400_000


def test_no_name_of_a_module_reaches_the_host(world: World, start: Start) -> None:
    board = start("""
        import os, select, socket, sys, time, machine
        import umachine, uos, uselect, usocket, utime
        for ours, other in ((time, utime), (os, uos), (select, uselect), (socket, usocket), (machine, umachine)):
            print(ours is other)
        before = utime.ticks_ms()
        utime.sleep_ms(100_000)
        print(utime.ticks_diff(utime.ticks_ms(), before), utime.gmtime(0)[0], hasattr(uos, "system"))
    """)
    world.run_for(200_000)
    assert board.crash_log.split() == [*["True"] * 5, "100000", "2000", "False"]


def test_asyncios_clock_fits_a_32_bit_interpreter(world: World, start: Start) -> None:
    """Its clock wraps at 2**30, so times may lie no further apart than half of that: ours is ahead of the host's, by
    less, and takes the interpreter's own period.
    """
    board = start("""
        import asyncio, _host_time
        from asyncio import core
        ahead_ms = core.ticks_diff(core.ticks(), _host_time.ticks_ms())
        print(0 < ahead_ms < 1 << 29, 0 <= core.ticks() <= _host_time.ticks_add(0, -1))
    """)
    world.run_for(1000)
    assert board.crash_log.strip() == "True True"
