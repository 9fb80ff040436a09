# Wiring only: which part hangs on which, and what happens when something failed that nobody foresaw.
import asyncio
import gc
import sys

import board
import machine
import micropython
from device import Device
from hostlink import HostLink
from machine import I2C, PWM, SPI, UART, WDT, Pin
from mfrc522.bus import SpiBus
from mfrc522.chip import Mfrc522
from ui import Ui

HOST_BUFFER_BYTES = 4096  # two of the longest lines
MODEM_BUFFER_BYTES = 2048
WATCHDOG_MS = 30000
RUN_THRESHOLD_BYTES = 16384  # collect before the heap is full: what lasts must not lie scattered among what goes


def make_device() -> Device:
    gc.threshold(RUN_THRESHOLD_BYTES)
    link = HostLink(make_host_uart())
    relay = Pin(board.RELAY, Pin.OUT, value=0)
    return Device(
        make_reader(),
        relay,
        link,
        make_ui(lambda lines: link.notify("screen", {"lines": lines})),
        WDT(timeout=WATCHDOG_MS),
        (machine.unique_id(), machine.reset_cause()),
        make_modem,
    )


def make_host_uart() -> UART:
    try:
        uart = UART(board.HOST_UART, board.HOST_BAUD, rxbuf=HOST_BUFFER_BYTES, txbuf=HOST_BUFFER_BYTES, timeout=0)
    except (ValueError, OSError) as error:  # this MicroPython keeps UART 0 for its prompt
        import wrong_build

        wrong_build.tell(error, make_ui(lambda _: None), WDT(timeout=WATCHDOG_MS))
    micropython.kbd_intr(-1)  # UART 0 carries the host link: a stray 0x03 must not stop the machine
    return uart


def make_reader() -> Mfrc522:
    spi = SPI(
        board.READER_SPI,
        baudrate=board.READER_BAUD,
        sck=Pin(board.READER_SCK),
        mosi=Pin(board.READER_MOSI),
        miso=Pin(board.READER_MISO),
    )
    return Mfrc522(SpiBus(spi, Pin(board.READER_CS)), Pin(board.READER_RESET))


def make_ui(notify: "Callable[[list[str]], None]") -> Ui:
    from buzzer import Buzzer
    from display.glyphs import Glyphs
    from display.ssd1306 import Ssd1306
    from display.text import TextScreen

    i2c = I2C(board.SCREEN_I2C, scl=Pin(board.SCREEN_SCL), sda=Pin(board.SCREEN_SDA), freq=board.SCREEN_BAUD)
    screen = TextScreen(Ssd1306(i2c, board.SCREEN_ADDRESS), Glyphs("/glyphs.bin"))
    return Ui(screen, Buzzer(PWM(Pin(board.BUZZER), duty_u16=0)), notify, "en")  # else it begins with a tone


def make_modem(on_sms: "Callable[[StatusReport | None], None]") -> "Modem":
    # Only when a link needs it. Its UART must hold what comes during a card's longest command.
    from sim800.modem import Modem

    uart = UART(
        board.MODEM_UART,
        board.MODEM_BAUD,
        tx=board.MODEM_TX,
        rx=board.MODEM_RX,
        rxbuf=MODEM_BUFFER_BYTES,
        timeout=0,
    )
    power_key, power = Pin(board.MODEM_POWER_KEY, Pin.OUT, value=0), Pin(board.MODEM_POWER, Pin.OUT, value=0)
    return Modem(uart, power_key, power, Pin(board.MODEM_STATUS, Pin.IN), board.MODEM_BAUD, on_sms)


def restart(_loop: object, context: dict[str, BaseException]) -> None:
    # A programming error: say which, then begin anew. The journal knows what was going on.
    sys.print_exception(context["exception"])
    machine.reset()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gsm.pdu import StatusReport
    from sim800.modem import Modem

asyncio.get_event_loop().set_exception_handler(restart)
asyncio.run(make_device().run())
machine.reset()
