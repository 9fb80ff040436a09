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

_cause = PWRON_RESET  # both set at boot
_unique_id = b""


def reset():
    _link.call(_RESET, 0)


def soft_reset():
    _link.call(_RESET, 1)


def reset_cause():
    return _cause


def unique_id():
    return _unique_id


def freq(hz=160000000):
    return hz


class Pin:
    IN = const(1)
    OUT = const(3)
    OPEN_DRAIN = const(7)
    PULL_DOWN = const(1)
    PULL_UP = const(2)
    IRQ_RISING = const(1)
    IRQ_FALLING = const(2)

    def __init__(self, id, *settings, **more):
        self.id = id
        self._level = None  # None = an input: its level has to be asked for
        self.init(*settings, **more)

    def init(self, mode=-1, pull=-1, *, value=None, **_):
        if value is not None:
            self.value(value)  # before the mode, so that the pin never glitches
        if mode == Pin.IN:
            self._level = None
        elif mode != -1 and self._level is None:
            self._level = 0
        if mode != -1:
            _link.put(_PIN_MODE, self.id, bytes((mode, 0 if pull is None or pull < 0 else pull)))

    def value(self, level=None):
        if level is None:
            return _link.call(_PIN_READ, self.id) if self._level is None else self._level
        self._level = 1 if level else 0
        _link.put(_PIN_WRITE, self.id, b"\x01" if level else b"\x00")

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, **_):
        _link.put(_PIN_IRQ, self.id, bytes((trigger if handler else 0, _link.interrupt_slot(handler, self))))
        return self


class PWM:
    def __init__(self, pin, freq=5000, *, duty_u16=0):
        self._pin = pin.id
        self.init(freq, duty_u16)

    def init(self, freq=None, duty_u16=None):
        if freq is not None:
            self._freq = freq
        if duty_u16 is not None:
            self._duty = min(65535, duty_u16)
        _link.put(_PWM, self._pin, pack("<IH", self._freq, self._duty))

    def freq(self, hz=None):
        if hz is None:
            return self._freq
        self.init(freq=hz)

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self.init(duty_u16=duty)

    def deinit(self):
        self.init(duty_u16=0)


class SPI:
    MSB = const(0)
    LSB = const(1)

    def __init__(self, id, *settings, **more):
        self._id = id
        self.init(*settings, **more)

    def init(self, baudrate=1000000, **_):
        self._byte_ns = 8000000000 // baudrate
        _link.put(_SPI_SETUP, self._id, pack("<I", baudrate))

    def deinit(self):
        pass

    def write(self, data):
        _link.put(_SPI_WRITE, self._id, data)
        _link.spend(_SPI_CALL_US + len(data) * self._byte_ns // 1000)

    def write_readinto(self, data, into):
        n = len(data)
        if len(into) != n:
            raise ValueError("buffers must be the same length")
        _link.call(_SPI_TRANSFER, self._id, data, into, n)

    def readinto(self, into, fill=0):
        n = len(into)
        _link.call(_SPI_READ, self._id, pack("<BxH", fill, n), into, n)

    def read(self, n, fill=0):
        into = bytearray(n)
        self.readinto(into, fill)
        return bytes(into)


SoftSPI = SPI


class I2C:
    def __init__(self, id=0, freq=400000, **_):
        self._id = id
        _link.put(_I2C_SETUP, id, pack("<I", freq))

    def scan(self):
        return [address for address in range(8, 120) if _link.call(_I2C_WRITE, address) >= 0]

    def writeto(self, address, data, stop=True):
        count = _link.call(_I2C_WRITE, address, data)
        if count < 0:
            raise OSError(_ENODEV)
        return count

    def writevto(self, address, vector, stop=True):
        return self.writeto(address, b"".join(vector), stop)

    def readfrom_into(self, address, into, stop=True):
        if _link.call(_I2C_READ, address, pack("<H", len(into)), into, len(into)) < 0:
            raise OSError(_ENODEV)

    def readfrom(self, address, n, stop=True):
        into = bytearray(n)
        self.readfrom_into(address, into)
        return bytes(into)


SoftI2C = I2C


class UART(IOBase):
    def __init__(self, id, *settings, **more):
        self.id = id
        self._sent_us = 0  # when the last byte given to it will have left
        self.init(*settings, **more)

    def init(self, baudrate=115200, bits=8, parity=None, stop=1, *, txbuf=256, rxbuf=256, timeout=0, **_):
        self._byte_us = 10000000 // baudrate
        self._txbuf_us = txbuf * self._byte_us
        self._timeout_us = timeout * 1000
        _link.put(_UART_SETUP, self.id, pack("<IH", baudrate, rxbuf))

    def deinit(self):
        pass

    def any(self):
        return _link.call(_UART_ANY, self.id)

    def _receive(self, limit, stop_at_newline=0):
        # None when nothing came within the timeout; what there is otherwise.
        n = _link.call(_UART_READ, self.id, pack("<HB", limit, stop_at_newline))
        if not n and self._timeout_us:
            _link.wait(_link.now_us() + self._timeout_us, 1 << self.id)
            n = _link.call(_UART_READ, self.id, pack("<HB", limit, stop_at_newline))
        if not n:
            return None
        return _link.read_more(n)

    def read(self, n=65535):
        return self._receive(65535 if n < 0 else n)

    def readline(self):
        return self._receive(65535, 1)

    def readinto(self, into, n=65535):
        data = self._receive(min(n, len(into)))
        if data is None:
            return None
        into[: len(data)] = data
        return len(data)

    def write(self, data):
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

    def txdone(self):
        return _link.look_at_clock() >= self._sent_us

    def flush(self):
        _link.sleep_us(max(0, self._sent_us - _link.now_us()))

    def ioctl(self, request, argument):
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
    def __init__(self, id=0, timeout=5000):
        self._timeout = pack("<I", timeout)
        _link.send(_WATCHDOG, 0, self._timeout)  # at once: whoever hangs now asks for nothing any more

    def feed(self):
        _link.put(_WATCHDOG, 0, self._timeout)


class RTC:
    def __init__(self, id=0):
        pass

    def datetime(self, moment=None):
        import time

        if moment is None:
            t = time.gmtime()
            us = (_link.now_us() + _link.wall_offset_us) % 1000000
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], us)
        year, month, day, _, hour, minute, second, us = moment
        wanted_us = (time.mktime((year, month, day, hour, minute, second, 0, 0)) + 946684800) * 1000000 + us
        _link.wall_offset_us = wanted_us - _link.now_us()
        _link.put(_CLOCK_SET, 0, pack("<q", _link.wall_offset_us))

    init = datetime
