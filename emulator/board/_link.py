# The board's end of the seam: outputs gather in one buffer and leave with the next request (emulator/frames.py
# has the format and the numbers). In virtual time the board's clock stands still between two answers, except for
# the little that each look at it costs, so that a loop that only watches the clock comes to its end.
from struct import pack_into, unpack_from

from micropython import const, schedule
from uos import getenv
from utime import ticks_us

_HEAD = const("<QBBH")
_HEAD_BYTES = const(12)
_ANSWER = const("<QiHH")
_ANSWER_BYTES = const(16)
_BUFFER_BYTES = const(512)
_AHEAD_MS = const(1 << 45)
_SYNC_US = const(1000)  # a board that only looks at its clock asks the emulator this often

_FLASH_READS = const(0x0F)
_BOOT = const(0x80)
_WAIT = const(0x81)
_SYNC = const(0x82)

_fds = [int(fd) for fd in (getenv("BOARD_LINK") or "").split(",")]
_answers = open(_fds[0], "rb")
_requests = open(_fds[1], "wb")
answers = _answers  # select polls it beside real sockets in real time

_buffer = bytearray(_BUFFER_BYTES)
_fill = 0
_answer = bytearray(_ANSWER_BYTES)
_now_us = 0
_synced_us = 0
_real_base_us = None  # None = virtual time
flags = 0
wall_offset_us = 0  # this and the next four are told at boot
ticks_base_us = 0
cause = 0
unique_id = b""
network_patience_ms = 0
handlers: list = []  # one (callable, argument) per interrupt slot
flash_reads = 0
probe = None  # set while the heap is watched


def now_us() -> int:
    if _real_base_us is None:
        return _now_us
    return ticks_us() - _real_base_us  # type: ignore[operator]


def look_at_clock(cost_us: int = 1) -> int:
    # Time costs time: busy loops end, and interrupts reach them.
    global _now_us
    if _real_base_us is not None:
        return ticks_us() - _real_base_us  # type: ignore[operator]
    _now_us += cost_us
    if _now_us - _synced_us > _SYNC_US:
        call(_SYNC, 0)
    return _now_us


def put(op: int, argument: int, payload: bytes | bytearray | memoryview = b"") -> None:
    global _fill
    n = len(payload)
    if _fill + _HEAD_BYTES + n > _BUFFER_BYTES:
        _flush()
    pack_into(
        _HEAD,
        _buffer,
        _fill,
        _now_us if _real_base_us is None else ticks_us() - _real_base_us,  # type: ignore[operator]
        op,
        argument,
        n,
    )
    _fill += _HEAD_BYTES
    if n > _BUFFER_BYTES - _HEAD_BYTES:
        _flush()
        if _requests.write(payload) != n:
            raise SystemExit
    elif n:
        _buffer[_fill : _fill + n] = payload
        _fill += n


def ticks_for_asyncio() -> int:
    # Milliseconds on a scale that lies ahead of the host's, see _boot._lend_clock.
    return look_at_clock() // 1000 + _AHEAD_MS


def spend(cost_us: int) -> None:
    # An output takes time too (a byte on a bus), and nobody has to be asked for it.
    global _now_us
    _now_us += cost_us


def _flush() -> None:
    global _fill
    if _fill:
        n = _fill
        _fill = 0
        try:
            if _requests.write(_buffer, n) != n:
                raise SystemExit
        except OSError:
            raise SystemExit  # the world is gone


def call(
    op: int,
    argument: int,
    payload: bytes | bytearray | memoryview = b"",
    reply: bytearray | memoryview | None = None,
    n: int = 0,
) -> int:
    put(op, argument, payload)
    _flush()
    return receive(reply, n)


def send(op: int, argument: int, payload: bytes = b"") -> None:
    put(op, argument, payload)
    _flush()


def receive(reply: bytearray | memoryview | None = None, n: int = 0) -> int:
    global _now_us, _synced_us, flags
    if _answers.readinto(_answer) != _ANSWER_BYTES:
        raise SystemExit  # the world is gone
    if n:
        _answers.readinto(reply, n)
    _now_us, value, interrupts, flags = unpack_from(_ANSWER, _answer)
    _synced_us = _now_us
    if interrupts:
        _interrupt(interrupts)
    if probe:
        probe()
    return value


def read_more(n: int) -> bytes:
    # For answers whose value says how many bytes follow.
    return _answers.read(n)


def _interrupt(mask: int) -> None:
    slot = 0
    while mask:
        if mask & 1:
            handler, argument = handlers[slot]
            if handler:
                schedule(handler, argument)
        mask >>= 1
        slot += 1


def interrupt_slot(handler: object, argument: object) -> int:
    handlers.append((handler, argument))
    return len(handlers) - 1


def sleep_us(us: int) -> None:
    until = look_at_clock() + us
    while now_us() < until:
        wait(until)


def wait(until_us: int, uart_mask: int = 0) -> None:
    # Until that time, or an interrupt, or input on one of those UARTs.
    global flash_reads
    if flash_reads:
        put(_FLASH_READS, 0, flash_reads.to_bytes(4, "little"))
        flash_reads = 0
    call(_WAIT, uart_mask, until_us.to_bytes(8, "little"))


def send_wait(until_us: int, uart_mask: int) -> None:
    # The same, for a caller that calls receive() itself.
    send(_WAIT, uart_mask, until_us.to_bytes(8, "little"))


def synced_us() -> int:
    return _synced_us


def real_time() -> bool:
    return _real_base_us is not None


def boot() -> tuple:
    # The first request of every process: sets the clocks, tells what kind of start this is. -> (seed, options)
    global _real_base_us, wall_offset_us, ticks_base_us, cause, unique_id, network_patience_ms
    reply = bytearray(30)
    if call(_BOOT, 0, b"", reply, 30):
        _real_base_us = ticks_us() - _now_us  # type: ignore[operator]
    told = unpack_from("<qqIBB6sH", reply)
    wall_offset_us, ticks_base_us, seed, cause, options, unique_id, network_patience_ms = told
    return seed, options
