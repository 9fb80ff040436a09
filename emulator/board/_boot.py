# Plays the part of the ESP32 port's start-up code, first half: every stand-in is loaded, the clocks are set. Nothing
# here is needed twice, so nothing here stays in the heap.
import os
import random
import select
import socket
import sys
import time
from struct import unpack

import _link
import esp32
import machine
import network
from micropython import const
from utime import ticks_us

_BOOT = const(0x80)
_ANSWER_BYTES = const(30)


def start() -> None:
    # The first request of every process: sets the clocks, tells what kind of start this is.
    reply = bytearray(_ANSWER_BYTES)
    if _link.call(_BOOT, 0, b"", reply, _ANSWER_BYTES):
        _link.real_base_us = ticks_us() - _link.now_us()
    told = unpack("<qqIBB6sH", reply)
    _link.wall_offset_us, _link.ticks_base_us, seed, _link.cause, options, _link.unique_id, _link.patience_ms = told
    random.seed(seed)
    if options & 1:
        import _heap_watch  # _mount sets both to work, once the stand-ins are measured
    _link.repl = bool(options & 4)
    if options & 2:
        import _turn_watch  # type: ignore[import-not-found]


start()
del sys.modules["_boot"]
