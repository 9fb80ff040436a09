# The ESP32's machine module; below it the emulator's chips instead of silicon. Shapes and constants as in
# MicroPython's ESP32 port; outputs are told, inputs are asked for.
from io import IOBase
from struct import pack

import _link
from micropython import const

PWRON_RESET = const(1)
HARD_RESET = const(2)
WDT_RESET = const(3)
DEEPSLEEP_RESET = const(4)
SOFT_RESET = const(5)

_PIN_WRITE = const(0x01)
_PIN_MODE = const(0x02)
_PIN_IRQ = const(0x03)
_PWM = const(0x04)
_SPI_WRITE = const(0x05)
_UART_SETUP = const(0x06)
_UART_WRITE = const(0x07)
_WATCHDOG = const(0x08)
_CLOCK_SET = const(0x09)
_SPI_SETUP = const(0x0D)
_I2C_SETUP = const(0x0E)
_PIN_READ = const(0x83)
_SPI_TRANSFER = const(0x84)
_SPI_READ = const(0x85)
_I2C_WRITE = const(0x86)
_I2C_READ = const(0x87)
_UART_ANY = const(0x88)
_UART_READ = const(0x89)
_RESET = const(0x8D)

_SPI_CALL_US = const(28)  # what one machine.SPI call costs an ESP32 before any byte moves
_ENODEV = const(19)
_EINVAL = const(22)
_POLL = const(3)
_FLUSH = const(1)
_POLLIN = const(1)
_POLLOUT = const(4)


def reset() -> None:
    _link.call(_RESET, 0)


def soft_reset() -> None:
    _link.call(_RESET, 1)


def reset_cause() -> int:
    return _link.cause


def unique_id() -> bytes:
    return _link.unique_id


def freq(hz: int = 160000000) -> int:
    return hz


class Pin:
    IN = const(1)
    OUT = const(3)
    OPEN_DRAIN = const(7)
    PULL_DOWN = const(1)
    PULL_UP = const(2)
    IRQ_RISING = const(1)
    IRQ_FALLING = const(2)

    def __init__(self, id: int, *settings: int, **more: int) -> None:
        self.id = id
        self._level: int | None = None  # None = an input: its level has to be asked for
        self.init(*settings, **more)

    def init(self, mode: int = -1, pull: int | None = -1, *, value: int | None = None, **_: object) -> None:
        if value is not None:
            self.value(value)  # before the mode, so that the pin never glitches
        if mode == Pin.IN:
            self._level = None
        elif mode != -1 and self._level is None:
            self._level = 0
        if mode != -1:
            _link.put(_PIN_MODE, self.id, bytes((mode, 0 if pull is None or pull < 0 else pull)))

    def value(self, level: object = None) -> int | None:
        if level is None:
            return _link.call(_PIN_READ, self.id) if self._level is None else self._level
        self._level = 1 if level else 0
        _link.put(_PIN_WRITE, self.id, b"\x01" if level else b"\x00")
        return None

    __call__ = value

    def on(self) -> None:
        self.value(1)

    def off(self) -> None:
        self.value(0)

    def irq(self, handler: object = None, trigger: int = 3, **_: object) -> "Pin":
        _link.put(_PIN_IRQ, self.id, bytes((trigger if handler else 0, _link.interrupt_slot(handler, self))))
        return self


class PWM:
    def __init__(self, pin: Pin, freq: int = 5000, *, duty_u16: int = 0) -> None:
        self._pin = pin.id
        self.init(freq, duty_u16)

    def init(self, freq: int | None = None, duty_u16: int | None = None) -> None:
        if freq is not None:
            self._freq = freq
        if duty_u16 is not None:
            self._duty = min(65535, duty_u16)
        _link.put(_PWM, self._pin, pack("<IH", self._freq, self._duty))

    def freq(self, hz: int | None = None) -> int | None:
        if hz is None:
            return self._freq
        self.init(freq=hz)
        return None

    def duty_u16(self, duty: int | None = None) -> int | None:
        if duty is None:
            return self._duty
        self.init(duty_u16=duty)
        return None

    def deinit(self) -> None:
        self.init(duty_u16=0)


class SPI:
    MSB = const(0)
    LSB = const(1)

    def __init__(self, id: int, *settings: int, **more: int) -> None:
        self._id = id
        self.init(*settings, **more)

    def init(self, baudrate: int = 1000000, **_: object) -> None:
        self._byte_ns = 8000000000 // baudrate
        _link.put(_SPI_SETUP, self._id, pack("<I", baudrate))

    def deinit(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        _link.put(_SPI_WRITE, self._id, data)
        _link.spend(_SPI_CALL_US + len(data) * self._byte_ns // 1000)

    def write_readinto(self, data: bytes, into: bytearray) -> None:
        n = len(data)
        if len(into) != n:
            raise ValueError("buffers must be the same length")
        _link.call(_SPI_TRANSFER, self._id, data, into, n)

    def readinto(self, into: bytearray, fill: int = 0) -> None:
        n = len(into)
        _link.call(_SPI_READ, self._id, pack("<BxH", fill, n), into, n)

    def read(self, n: int, fill: int = 0) -> bytes:
        into = bytearray(n)
        self.readinto(into, fill)
        return bytes(into)


SoftSPI = SPI


class I2C:
    def __init__(self, id: int = 0, freq: int = 400000, **_: object) -> None:
        self._id = id
        _link.put(_I2C_SETUP, id, pack("<I", freq))

    def scan(self) -> list[int]:
        return [address for address in range(8, 120) if _link.call(_I2C_WRITE, address) >= 0]

    def writeto(self, address: int, data: bytes, stop: bool = True) -> int:
        count = _link.call(_I2C_WRITE, address, data)
        if count < 0:
            raise OSError(_ENODEV)
        return count

    def writevto(self, address: int, vector: list[bytes], stop: bool = True) -> int:
        return self.writeto(address, b"".join(vector), stop)

    def readfrom_into(self, address: int, into: bytearray, stop: bool = True) -> None:
        if _link.call(_I2C_READ, address, pack("<H", len(into)), into, len(into)) < 0:
            raise OSError(_ENODEV)

    def readfrom(self, address: int, n: int, stop: bool = True) -> bytes:
        into = bytearray(n)
        self.readfrom_into(address, into)
        return bytes(into)


SoftI2C = I2C


class UART(IOBase):
    def __init__(self, id: int, *settings: int, **more: int) -> None:
        self.id = id
        self._sent_us = 0  # when the last byte given to it will have left
        self.init(*settings, **more)

    def init(
        self,
        baudrate: int = 115200,
        bits: int = 8,
        parity: int | None = None,
        stop: int = 1,
        *,
        txbuf: int = 256,
        rxbuf: int = 256,
        timeout: int = 0,
        **_: object,
    ) -> None:
        self._byte_us = 10000000 // baudrate
        self._txbuf_us = txbuf * self._byte_us
        self._timeout_us = timeout * 1000
        _link.put(_UART_SETUP, self.id, pack("<IH", baudrate, rxbuf))

    def deinit(self) -> None:
        pass

    def any(self) -> int:
        return _link.call(_UART_ANY, self.id)

    def _receive(self, limit: int, stop_at_newline: int = 0) -> bytes | None:
        # None when nothing came within the timeout; what there is otherwise.
        n = _link.call(_UART_READ, self.id, pack("<HB", limit, stop_at_newline))
        if not n and self._timeout_us:
            _link.wait(_link.now_us() + self._timeout_us, 1 << self.id)
            n = _link.call(_UART_READ, self.id, pack("<HB", limit, stop_at_newline))
        if not n:
            return None
        return _link.read_more(n)

    def read(self, n: int = 65535) -> bytes | None:
        return self._receive(65535 if n < 0 else n)

    def readline(self) -> bytes | None:
        return self._receive(65535, 1)

    def readinto(self, into: bytearray, n: int = 65535) -> int | None:
        data = self._receive(min(n, len(into)))
        if data is None:
            return None
        into[: len(data)] = data
        return len(data)

    def write(self, data: bytes | str) -> int:
        # Returns when everything fits in the buffer, as the ESP32's driver does.
        if isinstance(data, str):
            data = data.encode()
        n = len(data)
        now_us = _link.now_us()
        self._sent_us = max(now_us, self._sent_us) + n * self._byte_us
        _link.put(_UART_WRITE, self.id, data)
        fits_us = self._sent_us - self._txbuf_us
        if fits_us > now_us:
            _link.sleep_us(fits_us - now_us)
        return n

    def txdone(self) -> bool:
        return _link.look_at_clock() >= self._sent_us

    def flush(self) -> None:
        _link.sleep_us(max(0, self._sent_us - _link.now_us()))

    def ioctl(self, request: int, argument: int) -> int:
        if request == _POLL:
            happened = 0
            if argument & _POLLIN and _link.flags & 1 << self.id:
                happened |= _POLLIN
            if argument & _POLLOUT and self._sent_us - _link.now_us() < self._txbuf_us:
                happened |= _POLLOUT
            return happened
        if request == _FLUSH:
            self.flush()
            return 0
        return -_EINVAL


class WDT:
    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        self._timeout = pack("<I", timeout)
        _link.send(_WATCHDOG, 0, self._timeout)  # at once: whoever hangs now asks for nothing any more

    def feed(self) -> None:
        _link.put(_WATCHDOG, 0, self._timeout)


class RTC:
    def __init__(self, id: int = 0) -> None:
        pass

    def datetime(self, moment: tuple | None = None) -> tuple | None:
        import time

        if moment is None:
            t = time.gmtime()
            us = (_link.now_us() + _link.wall_offset_us) % 1000000
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], us)
        year, month, day, _, hour, minute, second, us = moment
        wanted_us = (time.mktime((year, month, day, hour, minute, second, 0, 0)) + 946684800) * 1000000 + us
        _link.wall_offset_us = wanted_us - _link.now_us()
        _link.put(_CLOCK_SET, 0, pack("<q", _link.wall_offset_us))
        return None

    init = datetime
