"""A small firmware for the tests of the modem driver and of TLS, run by a real MicroPython in the place of main.py:
calls on the host UART go to the driver, while its reader task runs. Bytes travel as hexadecimal text.
"""

import asyncio
import gc
import hashlib
import time
from binascii import unhexlify

import board
import network
from errors import Refused
from machine import UART, Pin
from protocol import hostlink
from sim800.errors import ModemError
from sim800.modem import Modem


class Bench:
    """One coroutine for each call."""

    def __init__(self):
        self.urcs = []
        self.sms_events = []
        self.stream = None
        self.http = None
        self.pipe = None
        self.modem = Modem(
            UART(board.MODEM_UART, 115200, tx=board.MODEM_TX, rx=board.MODEM_RX, rxbuf=2048, timeout=0),
            Pin(board.MODEM_POWER_KEY, Pin.OUT, value=0),
            Pin(board.MODEM_POWER, Pin.OUT, value=0),
            Pin(34, Pin.IN),
            on_sms=self.on_sms,
            on_urc=self.on_urc,
        )

    async def wire(self, switch, status):
        """Another wiring: without the supply's switch, without STATUS."""
        key, supply, state = self.modem.pins
        supply(1)
        self.modem.pins = (key, supply if switch else None, state if status else None)

    def on_sms(self, report):
        self.sms_events.append([report.reference, report.delivered, report.temporary] if report else None)

    def on_urc(self, line):
        if len(self.urcs) < 50:
            self.urcs.append(line.decode())

    async def start(self, pin=""):
        await self.modem.start(pin)
        return await self.state()

    async def stop(self):
        await self.modem.stop()

    async def state(self):
        m = self.modem
        return {
            "state": m.state,
            "registered": m.registered,
            "signal": m.signal_dbm,
            "operator": m.operator,
            "time": m.network_time,
            "restarts": m.restarts,
            "brownouts": m.brownouts,
            "failures": m.failures,
            "urcs": self.urcs,
        }

    async def refresh(self):
        await self.modem.refresh()
        return await self.state()

    async def attach(self, apn="internet"):
        await self.modem.attach(apn)

    async def connect(self, host, port):
        self.stream = await self.modem.connect(host, port)

    async def send(self, data):
        view = memoryview(unhexlify(data))
        while len(view):
            taken = self.stream.write(view)
            if taken is None:
                await self.stream.writable(60000)
            elif taken < 0:
                return taken
            else:
                view = view[taken:]
        await self.stream.writable(60000)
        return self.stream.sent_bytes

    async def read(self, count, timeout_ms=20000):
        """Until so many bytes came, the end, or nothing for so long."""
        got = b""
        buffer = bytearray(600)
        while len(got) < count:
            n = self.stream.readinto(buffer)
            if n is None:
                if not await self.stream.readable(timeout_ms):
                    return [got.hex(), "timeout"]
            elif n <= 0:
                return [got.hex(), n]
            else:
                got += buffer[:n]
        return [got.hex(), "more"]

    async def send_pattern(self, count):
        """So many bytes, each its place modulo 251."""
        piece = bytes([place % 251 for place in range(251)])
        sent = 0
        while sent < count:
            part = piece[sent % 251 : sent % 251 + count - sent]
            taken = self.stream.write(part)
            if taken is None:
                await self.stream.writable(60000)
            elif taken < 0:
                return taken
            else:
                sent += taken
        await self.stream.writable(60000)
        return sent

    async def read_pattern(self, count, timeout_ms=60000):
        """How many bytes came, how many of them were wrong, and what ended it."""
        buffer = bytearray(300)
        got = wrong = 0
        while got < count:
            n = self.stream.readinto(buffer)
            if n is None:
                if not await self.stream.readable(timeout_ms):
                    return [got, wrong, "timeout"]
            elif n <= 0:
                return [got, wrong, n]
            else:
                for place in range(n):
                    wrong += buffer[place] != (got + place) % 251
                got += n
        return [got, wrong, "all"]

    async def small_buffer(self, count):
        self.modem.port.uart.init(baudrate=115200, rxbuf=count)

    async def read_while_blocked(self, count, blocked_ms):
        """The event loop stands still for so long once the modem was asked for data."""
        reading = asyncio.create_task(self.read_pattern(count))
        await asyncio.sleep_ms(5)
        time.sleep_ms(blocked_ms)
        return await reading

    async def impatient(self, action, timeout_ms, params):
        """Cancelled in the middle."""
        await asyncio.wait_for_ms(getattr(self, action)(**params), timeout_ms)

    async def close(self):
        await self.stream.close()

    async def command(self, text, timeout_ms=5000):
        return [line.decode() for line in await self.modem.port.command(text.encode(), timeout_ms)]

    async def send_sms(self, number, data):
        return await self.modem.send_sms(number, unhexlify(data))

    async def receive_sms(self):
        message = await self.modem.receive_sms()
        return [message[0], message[1].hex()] if message else None

    async def sms_told(self):
        told, self.sms_events = self.sms_events, []
        return told

    async def join(self):
        station = network.WLAN(network.WLAN.IF_STA)
        station.active(True)
        station.connect("bench", "")
        while not station.isconnected():
            await asyncio.sleep_ms(100)

    async def open_http(self, over, host, port, name="", ca=""):
        from http.client import Http

        from tls_pipe.client import Tls
        from tls_pipe.errors import TlsError
        from tls_pipe.plain import Plain
        from tls_pipe.sockets import open_socket

        self.pipe = await self.modem.connect(host, port) if over == "modem" else await open_socket(host, port)
        connection = Tls(self.pipe, name, unhexlify(ca)) if name else Plain(self.pipe)
        if name:
            try:
                await connection.connect()
            except TlsError as error:
                raise Refused(error.code) from None
        self.http = Http(connection, host)

    async def post(self, body, timeout_ms=60000, times=1):
        """A long answer is told by its digest."""
        from tls_pipe.errors import TlsError

        try:
            status, answer = await self.http.post("/up", unhexlify(body) * times, "application/cose", timeout_ms)
        except TlsError as error:
            return ["tls", error.code]
        except asyncio.TimeoutError:  # noqa: UP041 - MicroPython has no builtin of that name
            return ["timeout", ""]
        except OSError as error:
            return ["os", str(error)]
        told = answer if len(answer) < 500 else hashlib.sha256(answer).digest()
        return [status, told.hex(), self.http.usable]

    async def traffic(self):
        return [self.pipe.sent_bytes, self.pipe.received_bytes]

    async def close_http(self):
        await self.http.close()
        self.http = self.pipe = None

    async def heap(self):
        gc.collect()
        return gc.mem_alloc()


async def answer(bench, line):
    message = hostlink.decode(line)
    number = message["id"]
    try:
        value = await getattr(bench, message["method"])(**message["params"])
    except Refused as error:
        return hostlink.failure(number, 1, error.reason, str(error))
    except asyncio.TimeoutError:  # noqa: UP041 - MicroPython has no builtin of that name
        return hostlink.failure(number, 3, "timeout", "")
    except ModemError as error:
        return hostlink.failure(number, 2, type(error).__name__, str(error))
    return hostlink.result(number, value)


async def serve(bench, uart, line):
    uart.write(hostlink.encode(await answer(bench, line)))


async def main():
    uart = UART(board.HOST_UART, board.HOST_BAUD, rxbuf=4096, txbuf=4096)
    bench = Bench()
    reader = asyncio.StreamReader(uart)
    line = b""
    while True:
        line += await reader.read(256)
        while b"\n" in line:
            first, line = line.split(b"\n", 1)
            asyncio.create_task(serve(bench, uart, first + b"\n"))  # noqa: RUF006 (the loop keeps it)


time.sleep_ms(0)
asyncio.run(main())
