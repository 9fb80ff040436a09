"""What MicroPython's ESP32 port refuses, the stand-ins refuse with the same kind of error.

The rows are the checks of ports/esp32/machine_uart.c, machine_pin.c, machine_hw_spi.c, machine_i2c.c, machine_pwm.c,
machine_wdt.c, machine_rtc.c, modmachine.c, network_wlan.c and esp32_partition.c.
"""

import pytest

from emulator.image import build_image
from emulator.world import World

from .conftest import Start

REFUSED = {
    # expression: kind of error, and a part of its words where the port has words
    "Pin(24)": "ValueError invalid pin",
    "Pin(40)": "ValueError invalid pin",
    "Pin(-1)": "ValueError invalid pin",
    "Pin('relay')": "ValueError invalid pin",
    "Pin(34, Pin.OUT)": "ValueError pin can only be input",
    "Pin(39, Pin.OPEN_DRAIN, value=1)": "ValueError pin can only be input",
    "Pin(4, Pin.OUT, level=1)": "TypeError",
    "Pin(4, Pin.OUT, None, 1)": "TypeError",
    "UART(3)": "ValueError UART(3) does not exist",
    "UART(-1)": "ValueError does not exist",
    "UART(1, tx=40)": "ValueError invalid pin",
    "UART(1, tx=34)": "OSError ESP_FAIL",
    "UART(1, rxbuf=128)": "OSError ESP_FAIL",
    "UART(1, txbuf=100)": "OSError ESP_FAIL",
    "UART(1, bits=9)": "ValueError invalid data bits",
    "UART(1, stop=3)": "ValueError invalid stop bits",
    "UART(1, invert=1)": "ValueError invalid inversion mask",
    "UART(1, flow=4)": "ValueError invalid flow control mask",
    "UART(1, 9600, 8, None, 1, 17, 16)": "TypeError",
    "UART(1, speed=9600)": "TypeError",
    "UART()": "TypeError",
    "SPI(0)": "ValueError SPI(0) doesn't exist",
    "SPI(3)": "ValueError SPI(3) doesn't exist",
    "SPI(2, bits=0)": "ValueError invalid bits",
    "SPI(2, sck=34)": "OSError invalid configuration",
    "SPI(2, miso=24)": "ValueError invalid pin",
    "SPI(2, 1000000, 0)": "TypeError",
    "SPI(2, cs=5)": "TypeError",
    "SPI(2).write(b'')": "ValueError buffer too short",
    "SPI(2).read(0)": "ValueError buffer too short",
    "SPI(2).write_readinto(b'ab', bytearray(1))": "ValueError buffers must be the same length",
    "after(SPI(2), 'deinit').write(b'a')": "OSError transfer on deinitialized SPI",
    "after(SPI(2), 'deinit').readinto(bytearray(2))": "OSError transfer on deinitialized SPI",
    "I2C(2)": "ValueError I2C(2) doesn't exist",
    "I2C(0, scl=24)": "ValueError invalid pin",
    "I2C(0, 22, 21)": "TypeError",
    "I2C(0, speed=1)": "TypeError",
    "I2C(0).writeto(0x11, b'a')": "OSError 19",
    "PWM(24)": "ValueError invalid pin",
    "PWM(26, 0)": "ValueError frequency must be from 1Hz",
    "PWM(26, freq=40000001)": "ValueError frequency must be from 1Hz",
    "PWM(26, duty_u16=65536)": "ValueError duty_u16 must be from 0",
    "PWM(26, duty=1024)": "ValueError duty must be from 0",
    "PWM(26, 1000, 512)": "TypeError",
    "PWM(26).freq(0)": "ValueError frequency must be from 1Hz",
    "PWM(26).duty_u16(-1)": "ValueError duty_u16 must be from 0",
    "after(PWM(26), 'deinit').freq()": "RuntimeError PWM is inactive",
    "WDT(1)": "ValueError",
    "WDT(timeout=0)": "ValueError WDT timeout too short",
    "WDT(seconds=5)": "TypeError",
    "RTC(0)": "TypeError",
    "RTC().datetime((2026, 1, 1))": "ValueError length 8",
    "RTC().init()": "TypeError",
    "machine.freq(123)": "ValueError frequency must be",
    "WLAN(2)": "ValueError invalid WLAN interface",
    "WLAN().connect('clinic', 'secret')": "OSError Wifi Not Started",
    "WLAN().disconnect()": "OSError Wifi Not Started",
    "WLAN().scan()": "OSError STA must be active",
    "WLAN().status('rssi')": "OSError Wifi Not Connected",
    "WLAN().status('stations')": "OSError AP required",
    "WLAN().status('mood')": "ValueError unknown status param",
    "WLAN().config('mood')": "ValueError unknown config param",
    "WLAN().config(mood=1)": "ValueError unknown config param",
    "WLAN().config(ssid='mine')": "OSError AP required",
    "WLAN().config()": "TypeError can query only one param",
    "after(WLAN(), 'active', True).connect(ssid='clinic')": "TypeError",
    "Partition('mine')": "OSError 2",
    "Partition('romfs').readblocks(96, bytearray(1))": "OSError ESP_ERR_INVALID_ARG",
    "Partition('vfs').writeblocks(416, b'a', 0)": "OSError ESP_ERR_INVALID_ARG",
    "Partition('vfs').ioctl(6, 416)": "OSError ESP_ERR_INVALID_ARG",
}
TELL = """
    import machine
    from esp32 import Partition
    from machine import I2C, PWM, RTC, SPI, UART, WDT, Pin
    from network import WLAN

    def after(thing, method, *values):
        getattr(thing, method)(*values)
        return thing

    for number, expression in enumerate({expressions!r}):
        try:
            print(number, "accepted", eval(expression))
        except Exception as error:
            print(number, type(error).__name__, error)
"""


def outcomes(world: World, start: Start, expressions: list[str]) -> list[str]:
    board = start(TELL.format(expressions=expressions))
    world.run_for(2000)
    lines = board.crash_log.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [str(number) for number in range(len(expressions))], lines
    return [line.partition(" ")[2] for line in lines]


def test_what_the_port_refuses_is_refused(world: World, start: Start) -> None:
    expressions = list(REFUSED)
    wrong = []
    for expression, outcome in zip(expressions, outcomes(world, start, expressions), strict=True):
        kind, _, words = REFUSED[expression].partition(" ")
        if outcome.partition(" ")[0] != kind or words not in outcome:
            wrong.append(f"{expression}: {outcome}")
    assert wrong == []


ACCEPTED = [
    "Pin(4)",
    "Pin(Pin(4), Pin.OUT, None, value=1, drive=2, hold=False)",
    "UART(1, 9600, 8, None, 1, tx=17, rx=Pin(16), txbuf=0, rxbuf=2048, timeout=0, invert=0x24, flow=3)",
    "UART(0, 115200, rxbuf=4096)",
    "SPI(1, polarity=1, phase=1, bits=8, firstbit=SPI.LSB, sck=14, mosi=None)",
    "I2C(1, scl=22, sda=Pin(21), freq=100000, timeout=50000)",
    "PWM(26, freq=40000000, duty_u16=65535)",
    "PWM(Pin(26), duty_ns=100000)",
    "WDT(0, 5000)",
    "after(RTC(), 'init', (2026, 5, 4, 3, 2, 1, 0, 7)).datetime()[:3]",
    "machine.freq(240000000)",
    "WLAN(WLAN.IF_STA).config('mac')",
    "after(WLAN(), 'config', 'ssid').config(pm=0, reconnects=3)",
    "Partition('vfs').ioctl(4, 0)",
]


def test_what_the_port_takes_is_taken(world: World, start: Start) -> None:
    refused = [line for line in outcomes(world, start, ACCEPTED) if not line.startswith("accepted")]
    assert refused == []


def test_a_prompt_on_uart_0_keeps_it(world: World) -> None:
    image = build_image(
        {
            "main.py": """
from machine import UART
for settings in ({"rxbuf": 4096}, {"txbuf": 512}, {}):
    try:
        print(UART(0, 115200, **settings))
    except (ValueError, OSError) as error:
        print(repr(error))
print(UART(1, 115200, rxbuf=4096).any())
"""
        }
    )
    board = world.board("generic", image)
    board.repl_on_uart = True
    board.power_on()
    world.run_for(1000)
    lines = board.crash_log.splitlines()
    assert ["REPL UART buffer size is fixed" in line for line in lines] == [True, True, False, False]
    assert "ESP_ERR_INVALID_STATE" in lines[2]
    assert lines[3] == "0"


@pytest.mark.parametrize(
    ("call", "bytes_per_s"),
    [("spi.init()", 500_000), ("spi.init(polarity=1)", 500_000), ("spi.init(2_000_000)", 250_000)],
)
def test_init_keeps_what_it_is_not_told(world: World, start: Start, call: str, bytes_per_s: int) -> None:
    board = start(f"""
        import machine, time
        spi = machine.SPI(2, 4_000_000)
        {call}
        before = time.ticks_us()
        spi.write(bytes(5000))
        print(time.ticks_diff(time.ticks_us(), before) // 100)
    """)
    world.run_for(1000)
    assert board.crash_log.strip() == str(5000 * 10_000 // bytes_per_s)
    assert board.spi.baudrate == 8 * bytes_per_s


def test_an_input_drives_nothing_and_remembers_its_level(world: World, start: Start) -> None:
    board = start("""
        from machine import Pin
        relay = Pin(25)
        relay(1)
        print(relay(), Pin(25)())
        relay.init(Pin.OUT)
        print(relay(), Pin(25)())
    """)
    world.run_for(1000)
    assert board.crash_log.split() == ["0", "0", "1", "1"]
    assert [level for _, level in board.relay_log] == [True]
    assert board.relay


def test_the_rtcs_two_ways_to_set_it(world: World, start: Start) -> None:
    """init() has the hour where datetime() has the day of the week."""
    board = start("""
        from machine import RTC
        RTC().init((2026, 5, 4, 3, 2, 1, 0, 0))
        print(RTC().datetime()[:7])
        RTC().datetime((2026, 5, 4, 0, 3, 2, 1, 0))
        print(RTC().datetime()[:7])
    """)
    world.run_for(1000)
    assert board.crash_log.splitlines() == ["(2026, 5, 4, 0, 3, 2, 1)"] * 2
