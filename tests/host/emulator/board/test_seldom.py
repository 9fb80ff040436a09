"""What a board seldom asks of its hardware modules is there all the same, and takes none of its heap afterwards."""

from collections.abc import Callable

import pytest

from emulator.device import Board
from emulator.world import World

Start = Callable[..., Board]

SELDOM = {
    "machine": "RTC SoftI2C SoftSPI freq soft_reset reset_cause unique_id PWRON_RESET WDT_RESET",
    "machine.Pin(4)": "on off irq",
    "machine.PWM(machine.Pin(26))": "deinit",
    "machine.SPI(2)": "init deinit read readinto",
    "machine.I2C(0)": "scan writevto readfrom readfrom_into",
    "machine.UART(2)": "any deinit flush readinto readline txdone",
    "network": "AP_IF STAT_GOT_IP country hostname",
    "network.WLAN()": "ifconfig scan status",
    "os": "chdir dupterm getcwd mkdir mount rmdir sep statvfs umount uname unlink VfsLfs2",
    "socket": "socket AF_INET SOCK_STREAM",
    "time": "gmtime localtime mktime sleep ticks_cpu time time_ns",
}


@pytest.mark.parametrize("owner", SELDOM)
def test_the_seldom_is_found_and_the_unknown_is_not(world: World, start: Start, owner: str) -> None:
    board = start(f"""
        import machine, network, os, socket, time
        owner = {owner}
        missing = [name for name in {SELDOM[owner]!r}.split() if not hasattr(owner, name)]
        print(missing, hasattr(owner, "nothing"))
    """)
    world.run_for(1000)
    assert board.crash_log.strip() == "[] False"


def test_what_was_asked_once_leaves_the_heap_the_modules_and_the_paths_as_they_were(world: World, start: Start) -> None:
    board = start(
        """
        import gc, machine, os, sys, time

        def ask():
            pin = machine.Pin(33, machine.Pin.OUT)
            pin.on()
            spi = machine.SPI(2, 4_000_000)
            spi.init(1_000_000)
            spi.read(2)
            machine.RTC().datetime()
            time.gmtime(0)
            uart = machine.UART(2, 9600)
            uart.write("four")
            uart.flush()
            gc.collect()
            return pin.value(), uart.txdone(), sorted(sys.modules), sys.path[:], os.listdir("/"), gc.mem_alloc()

        for _ in range(3):
            first = last = ask()
        for _ in range(20):
            last = ask()
        print(first[:2], first[2:5] == last[2:5], last[5] - first[5] < 700)  # two answers are held instead of one
        """,
        heap_words_k=96,
    )
    world.run_for(2000)
    assert board.crash_log.strip() == "(1, True) True True"
