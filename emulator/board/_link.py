# The board's end of the seam: outputs gather in one buffer and leave with the next request (emulator/frames.py
# has the format and the numbers). In virtual time the board's clock stands still between two answers, except for
# the little that each look at it costs, so that a loop that only watches the clock comes to its end.
from struct import pack_into, unpack_from

from micropython import const, schedule
from uos import getenv
from utime import ticks_us

_HEAD_BYTES = const(12)
_ANSWER_BYTES = const(16)
_BUFFER_BYTES = const(512)
_SYNC_US = const(1000)  # a board that only looks at its clock asks the emulator this often

_HEAP = const(0x0C)
_FLASH_READS = const(0x0F)
_WAIT = const(0x81)
_SYNC = const(0x82)
_HALT = const(0x8E)

answers = open(int((getenv("BOARD_LINK") or "").split(",")[0]), "rb")  # select polls it beside real sockets
_requests = open(int((getenv("BOARD_LINK") or "").split(",")[1]), "wb")
del getenv

_buffer = bytearray(_BUFFER_BYTES)
_fill = 0
_now_us = 0
synced_us = 0
real_base_us = None  # None = virtual time
flags = 0
wall_offset_us = 0  # this and the next four are told at boot
ticks_base_us = 0
cause = 0
unique_id = b""
patience_ms = 0
repl = False  # whether this build's prompt has UART 0
asyncio_base_ms = 0  # this and the next by _mount
asyncio_mask = 0
handlers: list = []  # one (callable, argument) per interrupt slot
flash_reads = 0
rom = None  # of the stand-ins; out of every path once the board runs
probe = None  # set while the heap is watched


def now_us() -> int:
    if real_base_us is None:
        return _now_us
    return ticks_us() - real_base_us


def look_at_clock(us: int = 1) -> int:
    # Time costs time: busy loops end, and interrupts reach them.
    global _now_us
    if real_base_us is not None:
        return ticks_us() - real_base_us
    _now_us += us
    if _now_us - synced_us > _SYNC_US:
        call(_SYNC, 0)
    return _now_us


def put(op: int, argument: int, data: bytes | bytearray | memoryview = b"") -> None:
    global _fill
    n = len(data)
    if _fill + _HEAD_BYTES + n > _BUFFER_BYTES:
        flush()
    pack_into(
        "<QBBH",
        _buffer,
        _fill,
        _now_us if real_base_us is None else ticks_us() - real_base_us,
        op,
        argument,
        n,
    )
    _fill += _HEAD_BYTES
    if n > _BUFFER_BYTES - _HEAD_BYTES:
        flush()
        if _requests.write(data) != n:
            raise SystemExit
    elif n:
        _buffer[_fill : _fill + n] = data
        _fill += n


def ticks_for_asyncio() -> int:
    # Milliseconds on a scale that lies ahead of the host's, see _mount._lend_clock.
    return look_at_clock() // 1000 + asyncio_base_ms & asyncio_mask


def spend(us: int) -> None:
    # An output takes time too (a byte on a bus), and nobody has to be asked for it.
    global _now_us
    _now_us += us


def flush() -> None:
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
    data: bytes | bytearray | memoryview = b"",
    reply: bytearray | memoryview | None = None,
    n: int = 0,
) -> int:
    put(op, argument, data)
    flush()
    return receive(reply, n)


def receive(reply: bytearray | memoryview | None = None, n: int = 0) -> int:
    global _now_us, synced_us, flags
    if answers.readinto(_buffer, _ANSWER_BYTES) != _ANSWER_BYTES:  # what it held has been sent
        raise SystemExit  # the world is gone
    if n:
        answers.readinto(reply, n)
    _now_us, value, interrupts, flags = unpack_from("<QiHH", _buffer)
    synced_us = _now_us
    if interrupts:
        for handler, argument in handlers:
            if interrupts & 1 and handler:
                schedule(handler, argument)
            interrupts >>= 1
    if probe:
        probe()
    return value


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


def seldom(module: str, name: str) -> object:
    # What a board asks for once in a while is loaded for that moment alone, so that it takes no heap before and after:
    # the rest of machine is in _machine.
    import sys

    import vfs

    module = "_" + module.lower()
    vfs.mount(rom, "/.board")
    sys.path.insert(0, "/.board")
    try:
        return getattr(__import__(module), name)
    finally:
        sys.path.pop(0)
        vfs.umount(rom)
        sys.modules.pop(module, None)


def seldom_method(self: object, name: str) -> object:
    # __getattr__ of the stand-ins' classes: such methods of Pin are functions in _pin.
    method = seldom(type(self).__name__, name)
    return lambda *values, **more: method(self, *values, **more)  # type: ignore[operator]


def run(scope: dict) -> None:
    # What the start needed is gone, but for the ROM. boot.py and main.py share this scope.
    import builtins
    import gc
    import os
    import sys

    global rom
    rom = scope["rom"]
    scope.clear()
    gc.collect()
    put(_HEAP, 0, "stand_ins {} {}".format(gc.mem_alloc(), gc.mem_free()).encode())
    __import__("_mount")
    scope["__name__"] = "__main__"
    for name in ("boot.py", "main.py"):
        if name in os.listdir("/"):
            try:
                builtins.execfile("/" + name, scope)
            except Exception as error:
                sys.print_exception(error)
    call(_HALT, 0)
