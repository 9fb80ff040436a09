# The seldom methods of machine.UART, as in ports/esp32/machine_uart.c.
import _link
from machine import _pin_number  # type: ignore[attr-defined]
from micropython import const

_UART_SETUP = const(0x06)
_UART_ANY = const(0x88)
_REPL_UART = const(0)
_FIFO_BYTES = const(128)  # of the chip; a buffer of the driver has to be larger
_DEFAULT_BAUD = const(115200)
_DEFAULT_BYTES = const(256)
_LINES = const(0x6C)  # that can be inverted: TX 0x20, RX 4, RTS 0x40, CTS 8
_FIRST_INPUT_ONLY = const(34)


def init(  # type: ignore[no-untyped-def]
    uart,
    baudrate: int = 0,
    bits: int = 0,
    parity: int | None = None,
    stop: int = 0,
    *,
    tx: object = -1,
    rx: object = -1,
    rts: object = -1,
    cts: object = -1,
    txbuf: int = -1,
    rxbuf: int = -1,
    timeout: int = -1,
    timeout_char: int = -1,
    invert: int = -1,
    flow: int = -1,
) -> None:
    # What is not said stays as it is.
    if not 0 <= uart.id <= 2:
        raise ValueError("UART(%d) does not exist" % uart.id)
    if not uart._byte_us:
        uart._txbuf, uart._rxbuf, uart._timeout = _DEFAULT_BYTES, _DEFAULT_BYTES, 0
        uart._baud = _DEFAULT_BAUD
    if _link.repl and uart.id == _REPL_UART:
        _refuse_repl(txbuf not in (-1, uart._txbuf) or rxbuf not in (-1, uart._rxbuf))
    uart._txbuf = uart._txbuf if txbuf < 0 else txbuf
    uart._rxbuf = uart._rxbuf if rxbuf < 0 else rxbuf
    if uart._rxbuf <= _FIFO_BYTES or 0 < uart._txbuf <= _FIFO_BYTES:
        raise OSError(-1, "ESP_FAIL")
    for pin, drives in ((tx, True), (rx, False), (rts, True), (cts, False)):
        if pin != -1 and _pin_number(pin) >= _FIRST_INPUT_ONLY and drives:
            raise OSError(-1, "ESP_FAIL")
    if bits not in (0, 5, 6, 7, 8):
        raise ValueError("invalid data bits")
    if stop not in (0, 1, 2):
        raise ValueError("invalid stop bits")
    if invert != -1 and invert & ~_LINES:
        raise ValueError("invalid inversion mask")
    if flow != -1 and flow & ~3:
        raise ValueError("invalid flow control mask")
    uart._baud = baudrate if baudrate > 0 else uart._baud
    uart._byte_us = 10000000 // uart._baud
    if timeout != -1:
        uart._timeout = timeout * 1000  # us
    uart._txbuf_us = uart._txbuf * uart._byte_us
    _link.put(_UART_SETUP, uart.id, uart._baud.to_bytes(4, "little") + uart._rxbuf.to_bytes(2, "little"))


def _refuse_repl(sizes: bool) -> None:
    # The prompt reads this UART by itself: its buffers are not ours, and the driver that UART needs is not there.
    uart_driver_missing = -259
    if sizes:
        raise ValueError("REPL UART buffer size is fixed")
    raise OSError(uart_driver_missing, "ESP_ERR_INVALID_STATE")


def deinit(uart) -> None:  # type: ignore[no-untyped-def]
    uart._byte_us = 0


def any(uart) -> int:  # type: ignore[no-untyped-def]
    return _link.call(_UART_ANY, uart.id)


def readline(uart) -> bytes | None:  # type: ignore[no-untyped-def]
    return uart.read(-1, 1)


def readinto(uart, into: bytearray, n: int = 65535) -> int | None:  # type: ignore[no-untyped-def]
    data = uart.read(min(n, len(into)))
    if data is None:
        return None
    into[: len(data)] = data
    return len(data)


def txdone(uart) -> bool:  # type: ignore[no-untyped-def]
    return _link.look_at_clock() >= uart._sent_us


def flush(uart) -> None:  # type: ignore[no-untyped-def]
    _link.sleep_us(max(0, uart._sent_us - _link.now_us()))
