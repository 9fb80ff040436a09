"""Relay, buzzer, buttons and screen, as the firmware drives them and as a test sees them."""

import io
from textwrap import dedent

from PIL import Image

from emulator.image import build_image
from emulator.oled import Ssd1306
from emulator.spi import SpiBus
from emulator.world import World

from .conftest import Start

SCREEN = """
    import machine
    i2c = machine.I2C(0, scl=machine.Pin(22), sda=machine.Pin(21), freq=400000)
    print(i2c.scan())
    try:
        i2c.writeto(0x50, b"x")
    except OSError as error:
        print(error.errno)
    for command in (0xAE, 0x20, 0x00, 0x8D, 0x14, 0x21, 0, 127, 0x22, 0, 7, 0xAF):
        i2c.writeto(0x3C, bytes((0x80, command)))
    picture = bytearray(1024)
    picture[0] = 0x01
    picture[1] = 0x03
    picture[1023] = 0x80
    i2c.writevto(0x3C, (b"\\x40", picture))
"""


def test_the_relay_follows_its_pin(world: World, start: Start) -> None:
    board = start("""
        import machine, time
        relay = machine.Pin(25, machine.Pin.OUT, value=0)
        relay.on()
        time.sleep_ms(100)
        relay(0)
        print(relay.value(), relay())
    """)
    world.run_for(1000)
    (on_us, on), (off_us, off) = board.relay_log
    assert (on, off) == (True, False)
    assert 100_000 <= off_us - on_us < 100_100
    assert board.crash_log.split() == ["0", "0"]


def test_the_relay_falls_when_the_power_goes(world: World, start: Start) -> None:
    board = start("import machine; machine.Pin(25, machine.Pin.OUT, value=1)")
    world.run_for(1000)
    assert board.relay
    board.power_off()
    assert not board.relay
    assert [level for _, level in board.relay_log] == [True, False]


def test_the_buzzer_tells_its_tones(world: World, start: Start) -> None:
    board = start("""
        import machine, time
        buzzer = machine.PWM(machine.Pin(26), freq=2700, duty_u16=0)
        buzzer.duty_u16(32768)
        time.sleep_ms(50)
        buzzer.freq(1000)
        time.sleep_ms(50)
        buzzer.deinit()
    """)
    world.run_for(1000)
    assert [(tone, duty) for _, tone, duty in board.buzzer_log] == [(2700, 0), (2700, 32768), (1000, 32768), (1000, 0)]


def test_buttons_are_low_while_held_and_interrupt(world: World, start: Start) -> None:
    board = start("""
        import asyncio, machine
        button = machine.Pin(32, machine.Pin.IN, machine.Pin.PULL_UP)
        other = machine.Pin(33, machine.Pin.IN, machine.Pin.PULL_UP)
        edges = []
        button.irq(lambda pin: edges.append(pin.value()), machine.Pin.IRQ_FALLING | machine.Pin.IRQ_RISING)
        async def main():
            while len(edges) < 2:
                await asyncio.sleep_ms(10000)
                print(edges, other.value())
        asyncio.run(main())
    """)
    world.at(1000, lambda: board.button(0).press(ms=300))
    world.at(1000, lambda: board.button(1).press(ms=30_000))
    world.run_for(20_000)
    assert board.crash_log.strip() == "[0, 1] 0"


def test_an_open_input_reads_as_its_pull(world: World, start: Start) -> None:
    board = start("""
        import machine
        print(machine.Pin(15, machine.Pin.IN, machine.Pin.PULL_UP).value(), machine.Pin(35, machine.Pin.IN).value())
    """)
    world.run_for(1000)
    assert board.crash_log.split() == ["1", "0"]


def test_the_screen_shows_what_was_written(world: World) -> None:
    board = world.board("board", build_image({"main.py": dedent(SCREEN)}))
    board.power_on()
    world.run_for(2000)
    assert board.crash_log.split() == ["[60]", "19"]
    lit = {(x, y) for y, row in enumerate(board.oled.pixels) for x, on in enumerate(row) if on}
    assert lit == {(0, 0), (1, 0), (1, 1), (127, 63)}
    assert board.oled.text_art().splitlines()[0] == "▀█"
    picture = Image.open(io.BytesIO(board.oled.png(scale=2)))
    assert picture.size == (256, 128)
    assert [picture.getpixel(point) for point in ((0, 0), (1, 1), (0, 2), (254, 126))] == [255, 255, 0, 255]
    board.power_off()
    assert not any(map(any, board.oled.pixels))


def test_the_screens_other_addressing_modes() -> None:
    screen = Ssd1306()
    commands = bytes([0x8D, 0x14, 0xAF])
    screen.write(b"\x00" + commands)
    screen.write(bytes([0x00, 0x20, 0x02, 0xB3, 0x05, 0x11]))  # page mode: page 3, column 0x15
    screen.write(b"\x40\xff\xff")
    assert screen.memory[3 * 128 + 0x15 : 3 * 128 + 0x18] == b"\xff\xff\x00"
    screen.write(bytes([0x00, 0x20, 0x01, 0x21, 2, 3, 0x22, 1, 2]))  # vertical mode in a window
    screen.write(b"\x40\x01\x02\x03\x04\x05")
    assert [screen.memory[page * 128 + column] for column in (2, 3) for page in (1, 2)] == [5, 2, 3, 4]
    screen.write(b"\x00\xa7")
    assert screen.pixels[63][127]
    screen.write(b"\x00\xae")
    assert not screen.pixels[63][127]


class Recorder:
    """A device that answers each byte by the address in the byte before, as the reader chip does."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def transfer(self, tx: bytes) -> bytes:
        self.frames.append(tx)
        return bytes([0, *tx[:-1]])


def test_a_chip_select_frame_may_come_in_several_calls() -> None:
    bus, device = SpiBus(), Recorder()
    bus.attach(5, device)
    bus.select(5, False)
    assert bus.transfer(b"\x92") == b"\x00"
    assert bus.transfer(b"\x94\x96\x00") == b"\x92\x94\x96"
    bus.select(5, True)
    bus.select(5, False)
    bus.transfer(b"\x12\x01\x02")
    bus.transfer(b"\x03\x04")
    bus.select(5, True)
    assert device.frames == [b"\x92\x94\x96\x00", b"\x12\x01\x02", b"\x12\x03\x04"]
    assert bus.transfer(b"\x00\x00") == b"\xff\xff"  # nobody is selected


def test_the_reader_answers_on_its_bus(world: World, start: Start) -> None:
    board = start("""
        import machine, time
        cs = machine.Pin(5, machine.Pin.OUT, value=1)
        reset = machine.Pin(27, machine.Pin.OUT, value=1)
        spi = machine.SPI(2, 8_000_000, sck=machine.Pin(18), mosi=machine.Pin(23), miso=machine.Pin(19))
        time.sleep_ms(50)
        answer = bytearray(2)
        cs(0)
        spi.write_readinto(b"\\xee\\x00", answer)  # VersionReg
        cs(1)
        print(hex(answer[1]))
        cs(0)
        spi.write(b"\\xee")
        print(hex(spi.read(1)[0]))
        cs(1)
        reset(0)
        cs(0)
        spi.write_readinto(b"\\xee\\x00", answer)
        cs(1)
        print(answer[1] in (0, 255))
    """)
    world.run_for(1000)
    assert board.crash_log.split() == ["0x92", "0x92", "True"]
    assert board.counters.spi_transactions == 4
    assert board.counters.spi_bytes == 6
