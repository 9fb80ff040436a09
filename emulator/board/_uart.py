# The seldom methods of machine.UART.
import _link
from micropython import const

_UART_ANY = const(0x88)


def deinit(uart) -> None:  # type: ignore[no-untyped-def]
    pass


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
