# Runs first, before anything can go wrong: the relay off, and a watchdog over all that follows.
import gc
import sys

import board
from machine import WDT, Pin

WATCHDOG_MS = 30000  # verifying a batch card or reading a full journal takes seconds

Pin(board.RELAY, Pin.OUT, value=0)
watchdog = WDT(timeout=WATCHDOG_MS)
if "/rom" in sys.path:
    sys.path[:] = [".frozen", "/rom", "/rom/lib"]  # nothing that runs lies elsewhere, and littlefs takes long to say so
gc.threshold(2048)  # while modules load, each leaves much behind: collect often, so that what stays lies together
