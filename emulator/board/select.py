# poll() over the board's UARTs (the emulator knows) and real sockets (the kernel knows).
# In virtual time an answer from loopback is awaited really, while the board's clock stands still; a peer
# that stays silent for NETWORK_PATIENCE_MS is given up and virtual time goes on.
from io import IOBase

import _link
import uselect
from machine import UART
from micropython import const

POLLIN = const(1)
POLLOUT = const(4)
POLLERR = const(8)
POLLHUP = const(16)

_FOREVER_US = const(1 << 60)
_PEEK_US = const(10)  # what one look costs
_STALE_US = const(200)  # a look at the UARTs younger than this is repeated without asking
_STREAM_STEP_US = const(1000)  # a stream written in Python is looked at this often
_IMPATIENT_MS = const(2)
_WAKE = const(0x0B)
_WAIT = const(0x81)
_NETWORK = const(8)


class poll:
    def __init__(self) -> None:
        self._uarts: list = []  # [uart, event mask]
        self._real = uselect.poll()
        self._real_count = 0
        self._streams = 0  # how many of the real ones are Python streams
        self.patience_ms = _link.patience_ms

    def register(self, stream: object, events: int = POLLIN | POLLOUT) -> None:
        if isinstance(stream, UART):
            for entry in self._uarts:
                if entry[0] is stream:
                    entry[1] = events
                    return
            self._uarts.append([stream, events])
            return
        self._real.register(stream, events)
        self._real_count += 1
        if isinstance(stream, IOBase):
            self._streams += 1
        self.patience_ms = _link.patience_ms

    def modify(self, stream: object, events: int) -> None:
        if isinstance(stream, UART):
            self.register(stream, events)
        else:
            self._real.modify(stream, events)

    def unregister(self, stream: object) -> None:
        for entry in self._uarts:
            if entry[0] is stream:
                self._uarts.remove(entry)
                return
        if not isinstance(stream, UART):
            self._real.unregister(stream)
            self._real_count -= 1
            if isinstance(stream, IOBase):
                self._streams -= 1

    def ipoll(self, ms: int = -1) -> list:
        now_us = _link.look_at_clock(_PEEK_US)
        until_us = _FOREVER_US if ms < 0 else now_us + ms * 1000
        while True:
            if now_us - _link.synced_us > _STALE_US:
                _link.wait(0)
            found = []
            for uart, events in self._uarts:
                happened = uart.ioctl(3, events)
                if happened:
                    found.append((uart, happened))
            if self._real_count and (_link.flags & _NETWORK or self._streams):
                found.extend(self._real.poll(0))
            now_us = _link.now_us()
            if found or now_us >= until_us:
                return found
            self._wait(until_us)
            now_us = _link.now_us()

    poll = ipoll

    def _wait(self, until_us: int) -> None:
        uart_mask = 0
        for uart, events in self._uarts:
            if events & POLLIN:
                uart_mask |= 1 << uart.id
        if not self._real_count:
            _link.wait(until_us, uart_mask)
        elif self._streams:
            _link.wait(min(until_us, _link.now_us() + _STREAM_STEP_US), uart_mask)
        elif _link.real_base_us is not None:
            self._wait_for_either(until_us, uart_mask)
        elif not (_link.flags & _NETWORK and self._real.poll(self.patience_ms)):
            self.patience_ms = _IMPATIENT_MS
            _link.wait(until_us, uart_mask)

    def _wait_for_either(self, until_us: int, uart_mask: int) -> None:
        _link.put(_WAIT, uart_mask, until_us.to_bytes(8, "little"))
        _link.flush()
        self._real.register(_link.answers, POLLIN)
        happened = self._real.poll(-1 if until_us == _FOREVER_US else (until_us - _link.now_us()) // 1000 + 1)
        self._real.unregister(_link.answers)
        for stream, _ in happened:
            if stream is not _link.answers:
                _link.put(_WAKE, 0)
                _link.flush()  # answered as soon as it arrives, if the wait has not ended by itself
                break
        _link.receive()
