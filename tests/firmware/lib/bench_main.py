"""A small firmware for the driver tests, run by a real MicroPython in the place of main.py: calls on the host UART go
straight to the drivers. Bytes travel as hexadecimal text.
"""

import asyncio
import time
from binascii import unhexlify

import board
import network
from errors import Refused
from iso14443 import a
from machine import I2C, PWM, SPI, UART, Pin
from media import open_medium
from mfrc522.bus import SpiBus
from mfrc522.chip import Mfrc522
from mfrc522.errors import RfError
from picc.classic import Classic
from protocol import hostlink


class Bench:
    """One method for each call."""

    def __init__(self):
        spi = SPI(
            board.READER_SPI,
            board.READER_BAUD,
            sck=Pin(board.READER_SCK),
            mosi=Pin(board.READER_MOSI),
            miso=Pin(board.READER_MISO),
        )
        self.bus = SpiBus(spi, Pin(board.READER_CS))
        self.chip = Mfrc522(self.bus, Pin(board.READER_RESET))
        self.card = None
        self.classic = None
        self.medium = None
        self.text = None

    def init(self):
        self.chip.init()
        return self.chip.version

    def health(self):
        before = self.bus.transactions
        return [self.chip.health(), self.chip.reinits, self.bus.transactions - before]

    def alive(self):
        return self.chip.is_alive()

    def select(self, pick_one=False, wake=a.REQA):
        self.card = a.select(self.chip, wake, pick_one)
        self.classic = Classic(self.chip, self.card)
        self.medium = None
        return [self.card.uid.hex(), self.card.sak, self.card.atqa.hex()]

    def reselect(self):
        a.reselect(self.chip, self.card)

    def halt(self):
        a.halt(self.chip)

    def authenticate(self, block, key, key_type):
        self.classic.authenticate(block, unhexlify(key), key_type)

    def read(self, block):
        before = self.bus.transactions
        data = self.classic.read(block).hex()
        return [data, self.bus.transactions - before, self.classic.retries]

    def write(self, block, data):
        before = self.bus.transactions
        self.classic.write(block, unhexlify(data))
        return [self.bus.transactions - before, self.classic.retries]

    def open(self):
        self.medium = open_medium(self.chip, a.select(self.chip, a.WUPA))
        return self.medium.NAME

    def classify(self):
        found = self.medium.classify()
        return [found.kind, found.header.hex(), found.unfinished]

    def read_record(self, kind, read_key=""):
        return self.medium.read_record(kind, unhexlify(read_key)).hex()

    def personalise(self, kind, record, read_key, write_key):
        steps = []
        outcome = self.medium.personalise(
            kind, unhexlify(record), unhexlify(read_key), unhexlify(write_key), lambda step, of: steps.append(step)
        )
        return [outcome.blocks, outcome.retries, steps]

    def erase(self, kind, write_key):
        self.medium.erase(kind, unhexlify(write_key))

    def burn(self, kind, access_key, mark):
        self.medium.burn(kind, unhexlify(access_key), unhexlify(mark))

    def burn_state(self, kind, mark, read_key=""):
        return self.medium.burn_state(kind, unhexlify(mark), unhexlify(read_key))

    def store(self):
        return __import__(self.medium.STORE).open_store(self.medium)

    def store_read(self):
        return self.store().read().hex()

    def store_write(self, unit, data):
        self.store().write(unit, unhexlify(data))

    def store_format(self):
        steps = []
        self.store().format(lambda step, of: steps.append(step))
        return steps

    def drawn(self, read_key):
        return self.medium.drawn(unhexlify(read_key))

    def draw(self, write_key, next_credit):
        return self.medium.draw(unhexlify(write_key), next_credit)

    def show(self, lines):
        if self.text is None:
            from display.glyphs import Glyphs
            from display.ssd1306 import Ssd1306
            from display.text import TextScreen

            i2c = I2C(board.SCREEN_I2C, scl=Pin(board.SCREEN_SCL), sda=Pin(board.SCREEN_SDA), freq=board.SCREEN_BAUD)
            self.text = TextScreen(Ssd1306(i2c, board.SCREEN_ADDRESS), Glyphs("/glyphs.bin"))
        return self.text.show(lines)

    def ui(self, language, name, values, refuse=False):
        from buzzer import Buzzer
        from ui import Ui

        self.show([])
        seen = []
        screen = Ui(self.text, Buzzer(PWM(Pin(board.BUZZER), duty_u16=0)), seen.append, language)

        async def act():
            if refuse:
                screen.refuse(name)
            else:
                screen.show(name, **values)
            await asyncio.sleep_ms(1500)

        asyncio.run(act())
        return [screen.language, seen]

    def join(self):
        station = network.WLAN(network.WLAN.IF_STA)
        station.active(True)
        station.connect("bench", "")
        while not station.isconnected():
            time.sleep_ms(100)

    def post(self, port, path, body, timeout_ms, times=1):
        from http.client import Http, HttpError

        from tls_pipe.plain import Plain
        from tls_pipe.sockets import open_socket

        async def exchange():
            http = Http(Plain(await open_socket("127.0.0.1", port)), f"127.0.0.1:{port}")
            try:
                for _ in range(times):
                    status, answer = await http.post(path, unhexlify(body), "application/cose", timeout_ms)
                return [status, answer.hex(), http.usable]
            finally:
                await http.close()

        try:
            return asyncio.run(exchange())
        except HttpError as error:
            return ["http", str(error)]
        except asyncio.TimeoutError:  # noqa: UP041 - MicroPython has no builtin of that name
            return ["timeout", ""]
        except OSError:
            return ["os", ""]


def answer(bench, line):
    message = hostlink.decode(line)
    number = message["id"]
    try:
        value = getattr(bench, message["method"])(**message["params"])
    except Refused as error:
        return hostlink.failure(number, 1, error.reason, str(error))
    except RfError as error:
        return hostlink.failure(number, 2, type(error).__name__, str(error))
    return hostlink.result(number, value)


def main():
    uart = UART(board.HOST_UART, board.HOST_BAUD, rxbuf=2048)
    bench = Bench()
    line = b""
    while True:
        part = uart.readline()
        if part is None:
            time.sleep_ms(1)
            continue
        line += part
        if line.endswith(b"\n"):
            uart.write(hostlink.encode(answer(bench, line)))
            line = b""


main()
