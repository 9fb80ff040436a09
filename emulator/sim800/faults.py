"""Which faults of a modem are legal; those of the network are in emulator/phone/faults.py.

- Bytes come slowly, in pieces; some are lost or wrong (a noisy line). The UART itself stays frozen until the supply is
  cut. Unsolicited result codes come between the lines of a response, after a prompt, and (a broken firmware) inside
  data. A prompt never comes. SEND OK is said and nothing is sent.
- Every step may take as long as the manual allows: 85 s for AT+CIICR, 65 s for AT+CIPSHUT, 75 s for AT+CIPSTART
  (`Sim800.timings`).
- A transmit burst draws more than the supply has: the modem warns (sic, "WARNNING") and dies, and everything else on
  the same supply sees the dip. The supply is cut at any moment.

Not legal: a modem that forgets its SIM's messages, or one that answers with another baud rate than it was told.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class BrownOut:
    """At the n-th transmit burst from now on, the first being 1."""

    burst: int = 1
    dies: bool = True
    reader: Literal["", "dip", "dead"] = ""  # what the card reader on the same supply does at that moment


@dataclass
class ModemFaults:
    """A fresh one is healthy. Numbers from 0 to 1 are probabilities per message, drawn from the world's seed."""

    byte_gap_us: int = 0  # between pieces of one to three bytes
    partial: float = 0.0  # the end of what the modem says is cut off
    garbage: float = 0.0  # some of its bytes are wrong
    urc_between_lines: float = 0.0  # before a response, after a prompt, between its lines
    urc_inside_data: float = 0.0
    urcs: tuple[str, ...] = ("RING", "+CREG: 1", "CALL READY", "+CFUN: 1", "UNDER-VOLTAGE WARNNING")
    frozen: bool = False  # says and hears nothing until the supply was cut
    missing_prompts: int = 0  # so many of the next prompts never come
    swallowed_sends: int = 0  # so many of the next chunks get their SEND OK and go nowhere
    failed_sends: int = 0  # SEND FAIL
    brown_out: BrownOut | None = None
    clock_of_1980: bool = False  # a clock that was never set shows 80/01/06 instead of 04/01/01
    silent_commands: list[str] = field(default_factory=list)  # names that are never answered, like "+CSQ"
