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

_fds = [int(fd) for fd in getenv("BOARD_LINK").split(",")]
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
wall_offset_us = 0
handlers = []  # one (callable, argument) per interrupt slot
flash_reads = 0
probe = None  # set while the heap is watched


def now_us():
    if _real_base_us is None:
        return _now_us
    return ticks_us() - _real_base_us


def look_at_clock(cost_us=1):
    # Time costs time: busy loops end, and interrupts reach them.
    global _now_us
    if _real_base_us is not None:
        return ticks_us() - _real_base_us
    _now_us += cost_us
    if _now_us - _synced_us > _SYNC_US:
        call(_SYNC, 0)
    return _now_us


def put(op, argument, payload=b""):
    global _fill
    n = len(payload)
    if _fill + _HEAD_BYTES + n > _BUFFER_BYTES:
        _flush()
    pack_into(
        _HEAD,
        _buffer,
        _fill,
        _now_us if _real_base_us is None else ticks_us() - _real_base_us,
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


def ticks_for_asyncio():
    # Milliseconds on a scale that lies ahead of the host's, see _boot._lend_clock.
    return look_at_clock() // 1000 + _AHEAD_MS


def spend(cost_us):
    # An output takes time too (a byte on a bus), and nobody has to be asked for it.
    global _now_us
    _now_us += cost_us


def _flush():
    global _fill
    if _fill:
        n = _fill
        _fill = 0
        try:
            if _requests.write(_buffer, n) != n:
                raise SystemExit
        except OSError:
            raise SystemExit  # the world is gone


def call(op, argument, payload=b"", reply=None, n=0):
    put(op, argument, payload)
    _flush()
    return receive(reply, n)


def send(op, argument, payload=b""):
    put(op, argument, payload)
    _flush()


def receive(reply=None, n=0):
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


def read_more(n):
    # For answers whose value says how many bytes follow.
    return _answers.read(n)


def _interrupt(mask):
    slot = 0
    while mask:
        if mask & 1:
            handler, argument = handlers[slot]
            if handler:
                schedule(handler, argument)
        mask >>= 1
        slot += 1


def interrupt_slot(handler, argument):
    handlers.append((handler, argument))
    return len(handlers) - 1


def sleep_us(us):
    until = now_us() + us
    while now_us() < until:
        wait(until)


def wait(until_us, uart_mask=0):
    # Until that time, or an interrupt, or input on one of those UARTs.
    global flash_reads
    if flash_reads:
        put(_FLASH_READS, 0, flash_reads.to_bytes(4, "little"))
        flash_reads = 0
    call(_WAIT, uart_mask, until_us.to_bytes(8, "little"))


def send_wait(until_us, uart_mask):
    # The same, for a caller that calls receive() itself.
    send(_WAIT, uart_mask, until_us.to_bytes(8, "little"))


def synced_us():
    return _synced_us


def real_time():
    return _real_base_us is not None


def boot():
    # The first request of every process: sets the clocks, tells what kind of start this is.
    global _real_base_us, wall_offset_us
    reply = bytearray(30)
    real_time = call(_BOOT, 0, b"", reply, 30)
    if real_time:
        _real_base_us = ticks_us() - _now_us
    told = unpack_from("<qqIBB6sH", reply)
    wall_offset_us = told[0]
    return told
