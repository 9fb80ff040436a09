# The ESP32's machine module; below it the emulator's chips instead of silicon. Shapes and constants as in
# MicroPython's ESP32 port, and as strict: what ports/esp32/machine_*.c refuses is refused with the same kind of error.
# Outputs are told, inputs are asked for. What a board seldom uses is elsewhere, constructors and their checks too:
# _machine has the rest of the module, _pin, _pwm, _spi, _i2c, _uart the rest of their classes.
from io import IOBase

import _link
from micropython import const

_PIN_WRITE = const(0x01)
_PWM = const(0x04)
_SPI_WRITE = const(0x05)
_UART_WRITE = const(0x07)
_WATCHDOG = const(0x08)
_PIN_READ = const(0x83)
_SPI_TRANSFER = const(0x84)
_I2C_WRITE = const(0x86)
_UART_READ = const(0x89)
_RESET = const(0x8D)

_SPI_CALL_US = const(28)  # what one machine.SPI call costs an ESP32 before any byte moves
_PWM_HZ_MAX = const(40000000)
_PWM_DUTY_MAX = const(65535)
_ENODEV = const(19)
_EINVAL = const(22)
_POLL = const(3)
_FLUSH = const(1)
_POLLIN = const(1)
_POLLOUT = const(4)


def reset() -> None:
    _link.call(_RESET, 0)


def __getattr__(name: str) -> object:
    return _link.seldom(__name__, name)


def _pin_number(pin: "Pin | int") -> int:
    # What takes a pin takes its number, too.
    return pin.id if isinstance(pin, Pin) else Pin(pin).id


class Pin:
    IN = const(1)
    OUT = const(3)
    OPEN_DRAIN = const(7)
    PULL_DOWN = const(1)
    PULL_UP = const(2)
    IRQ_RISING = const(1)
    IRQ_FALLING = const(2)

    def __init__(self, id: "int | Pin", *settings: int, **more: int) -> None:
        self.id = -1
        self._level: int | None = None  # None = an input: its level has to be asked for
        _link.seldom("Pin", "make")(self, id, settings, more)

    def value(self, value: object = None) -> int | None:
        if value is None:
            return _link.call(_PIN_READ, self.id) if self._level is None else self._level
        if self._level is not None:
            self._level = 1 if value else 0
        _link.put(_PIN_WRITE, self.id, b"\x01" if value else b"\x00")
        return None

    __call__ = value

    __getattr__ = _link.seldom_method


class PWM:
    def __init__(self, pin: Pin, freq: int = -1, **more: int) -> None:
        self.id = _pin_number(pin)
        self._freq = 0  # 0: inactive
        self._duty = 32768  # half of the time, as the port's: whoever wants silence says so
        self.init(freq, **more)  # type: ignore[attr-defined]

    def freq(self, freq: int | None = None) -> int | None:
        if not self._freq:
            raise RuntimeError("PWM is inactive")
        if freq is None:
            return self._freq
        if not 0 < freq <= _PWM_HZ_MAX:
            _link.seldom("PWM", "refuse")(freq, 0)
        self._freq = freq
        self._tell()
        return None

    def duty_u16(self, duty_u16: int | None = None) -> int | None:
        if duty_u16 is None:
            return self._duty
        if not 0 <= duty_u16 <= _PWM_DUTY_MAX:
            _link.seldom("PWM", "refuse")(1, duty_u16)
        self._duty = duty_u16
        self._tell()
        return None

    def _tell(self) -> None:
        _link.put(_PWM, self.id, self._freq.to_bytes(4, "little") + self._duty.to_bytes(2, "little"))

    __getattr__ = _link.seldom_method


class SPI:
    MSB = const(0)
    LSB = const(1)

    def __init__(self, id: int, *settings: int, **more: int) -> None:
        self.id = id
        self._byte_ns = 0  # 0: the bus is not initialised
        _link.seldom("SPI", "make")(self, *settings, **more)

    def write(self, data: bytes) -> None:
        n = len(data)
        if not n or not self._byte_ns:
            self.refuse()  # type: ignore[attr-defined]
        _link.put(_SPI_WRITE, self.id, data)
        _link.spend(_SPI_CALL_US + n * self._byte_ns // 1000)

    def write_readinto(self, data: bytes, into: bytearray) -> None:
        n = len(data)
        if len(into) != n or not n or not self._byte_ns:
            self.refuse(len(into) == n)  # type: ignore[attr-defined]
        _link.call(_SPI_TRANSFER, self.id, data, into, n)

    __getattr__ = _link.seldom_method


class I2C:
    def __init__(self, id: int = 0, **more: int) -> None:
        self.id = id
        _link.seldom("I2C", "make")(self, **more)

    def writeto(self, address: int, data: bytes, stop: bool = True) -> int:
        count = _link.call(_I2C_WRITE, address, data)
        if count < 0:
            raise OSError(_ENODEV)
        return count

    __getattr__ = _link.seldom_method


class UART(IOBase):
    def __init__(self, id: int, *settings: int, **more: int) -> None:
        self.id = id
        self._sent_us = 0  # when the last byte given to it will have left
        self._byte_us = 0  # 0: never initialised
        self.init(*settings, **more)

    def read(self, n: int = -1, stop_at_newline: int = 0) -> bytes | None:
        # None when nothing came within the timeout; what there is otherwise.
        asked = (65535 if n < 0 else n).to_bytes(2, "little") + bytes((stop_at_newline,))
        n = _link.call(_UART_READ, self.id, asked)
        if not n and self._timeout:
            _link.wait(_link.now_us() + self._timeout, 1 << self.id)
            n = _link.call(_UART_READ, self.id, asked)
        return _link.answers.read(n) if n else None

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

    __getattr__ = _link.seldom_method

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
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._timeout = timeout.to_bytes(4, "little")
        self.feed()
        _link.flush()  # at once: whoever hangs now asks for nothing any more

    def feed(self) -> None:
        _link.put(_WATCHDOG, 0, self._timeout)
