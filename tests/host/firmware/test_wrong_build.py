"""A MicroPython whose prompt has UART 0, as the generic build for a classic ESP32: the machine says what it needs."""

from emulator.image import build_image
from emulator.world import World

MINUTE_MS = 60_000


def test_it_says_so_and_stays(world: World) -> None:
    board = world.board("machine", build_image())
    board.repl_on_uart = True
    board.power_on()
    assert world.run_until(lambda: "MICROPY_HW_ENABLE_UART_REPL" in board.crash_log, 5000)
    world.run_for(3 * MINUTE_MS)
    assert "REPL UART buffer size is fixed" in board.crash_log
    assert "Traceback" not in board.crash_log
    assert any(map(any, board.oled.pixels))
    assert board.starts == 1
    assert not board.halted
    assert board.relay_log == []


def test_the_buzzer_is_silent_from_the_first_moment(world: World) -> None:
    """The port starts a PWM at half of the time on, unless it is told otherwise."""
    board = world.board("machine", build_image())
    board.power_on()
    world.run_for(3000)
    assert board.buzzer_log
    assert all(duty == 0 for _, _, duty in board.buzzer_log)
