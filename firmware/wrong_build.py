"""A build of MicroPython whose prompt has UART 0: the host link cannot have it (docs/hardware.md, "The MicroPython it
runs on"). The machine says so on its screen and at that prompt, and does nothing else: no exam, no restart after
restart.
"""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from machine import WDT
    from ui import Ui

WORDS = (
    "Perscan cannot start: this MicroPython keeps UART 0 for its prompt (%r). "
    "It needs a build with MICROPY_HW_ENABLE_UART_REPL set to 0; see docs/hardware.md."
)
SAY_AGAIN_S = 10  # somebody may connect the cable later


def tell(error: Exception, ui: "Ui", watchdog: "WDT") -> "NoReturn":
    """For ever, or until Ctrl-C: whoever is at the prompt wants to mend it."""
    ui.show("wrong_build")
    while True:
        print(WORDS % error)  # to the prompt: there is no other line to a PC
        for _ in range(SAY_AGAIN_S):
            watchdog.feed()
            time.sleep(1)
