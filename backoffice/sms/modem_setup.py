"""From an open port to a modem that is ready for short messages: which make it is, it says itself.

3GPP TS 27.005 leaves much open, and modems take different parts of it: a Cinterion MC75i wants ``bfr`` 1 and receives
into SM or MT only, a Motorola g20 knows no delivery reports at all, a Quectel has reports in a memory of their own. So
the modem is asked what it can do, and where it does not say or does not keep to it, one setting after the other is
tried, the best first.
"""

import re
import time
from dataclasses import dataclass
from itertools import product

from backoffice import logs
from backoffice.errors import SmsPlatformUnreachable
from backoffice.sms.at_port import AtPort, ModemRefused
from backoffice.sms.sim_pin import SimPin

log = logs.get(__name__)

SYNC_ATTEMPTS = 5
SYNC_TIMEOUT_S = 1.0
SIM_WAIT_S = 15.0
NO_SIM = (10, 13, 15)
"""+CME ERROR: not inserted, failure, wrong (TS 27.007 9.2)."""
READY = ("READY", "SIM PIN2", "SIM PUK2")
"""The second PIN guards the phone book's fixed numbers; short messages go without."""
TRIES_LEFT_MIN = 2
"""The last try belongs to a person."""
ICCID = ("AT+CCID", "AT+ICCID", "AT^ICCID?", "AT+CRSM=176,12258,0,0,10")
ICCID_DIGITS = re.compile(r"[0-9A-Fa-f]{18,22}")
UNSUPPORTED = (-1, 3, 4, 302, 303)
"""What a modem that does not know AT+CPMS says: ERROR, or "not allowed", "not supported"."""
MODES, BUFFERS = (2, 1, 3), (0, 1)
STORED, NOT_TOLD = 1, 0
SHOWN_REPORT, STORED_REPORT, NO_REPORT = 1, 2, 0
BOTH = "MT"
REPORTS = "SR"

Cnmi = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Dialect:
    """How one modem wants to be spoken to."""

    memories: tuple[str, ...]
    """Where messages may lie, the one that receives first; one without a name: the modem has only one."""
    reports: bool
    """Whether it tells what became of messages."""
    acknowledge: bool
    """Whether it waits for an acknowledgement of what it shows (AT+CNMA)."""


def set_up(port: AtPort, pin: SimPin) -> Dialect:
    """Make the modem ready. Raises SmsPlatformUnreachable with the reason why it is not."""
    _synchronise(port)
    port.takes("ATE0")
    port.takes("AT+CMEE=1")
    _unlock(port, pin)
    if not port.takes("AT+CMGF=0") and port.ask("AT+CMGF?") != "0":
        raise SmsPlatformUnreachable("the modem has no PDU mode: it cannot carry data")
    acknowledge = not port.takes("AT+CSMS=0") and (port.ask("AT+CSMS?") or "").startswith("1")
    memories = _memories(port)
    told = _announce(port)
    stored_reports = (REPORTS,) if told == STORED_REPORT and REPORTS in _readable(port) else ()
    return Dialect((*memories, *stored_reports), told != NO_REPORT, acknowledge)


def _synchronise(port: AtPort) -> None:
    """Until it answers: a modem with automatic baud rate needs a few tries (SIM800 manual 2.2.34)."""
    for attempt in range(SYNC_ATTEMPTS):
        try:
            port.command("AT", SYNC_TIMEOUT_S)
            return
        except SmsPlatformUnreachable:
            if attempt == SYNC_ATTEMPTS - 1:
                raise


# The SIM.


def _unlock(port: AtPort, pin: SimPin) -> None:
    """Until the SIM is ready. A PIN is given once; whether at all, SimPin says."""
    deadline_s = time.monotonic() + SIM_WAIT_S
    given = False
    while (state := _lock_of(port)) not in READY:
        if state == "SIM PIN" and not given:
            _give(port, pin)
            given = True
        elif (state not in ("", "NOT READY") and not given) or time.monotonic() > deadline_s:
            raise SmsPlatformUnreachable(f"the SIM is not ready: {state or 'busy'}")
        else:
            port.listen()


def _lock_of(port: AtPort) -> str:
    """Empty while the SIM is busy. A modem that does not know the question has no lock."""
    try:
        answer = b"".join(port.command("AT+CPIN?"))
    except ModemRefused as error:
        if error.number in NO_SIM:
            raise SmsPlatformUnreachable(f"there is no usable SIM: {error}") from error
        return READY[0] if error.number == -1 else ""
    return answer.partition(b":")[2].strip().decode("latin-1")


def _give(port: AtPort, pin: SimPin) -> None:
    left = _tries_left(port)
    if left is not None and left < TRIES_LEFT_MIN:
        raise SmsPlatformUnreachable(f"the SIM has {left} tries at its PIN left: give it in a phone")
    iccid = _iccid(port)
    try:
        port.command(f'AT+CPIN="{pin.to_give(iccid)}"')
    except ModemRefused as error:
        raise SmsPlatformUnreachable("the SIM refuses the PIN: it is not tried again until it is changed") from error
    pin.accepted(iccid)


def _tries_left(port: AtPort) -> int | None:
    """Where the modem tells: in the standard's way (``SIM PIN,3,3``), or in SIMCom's (``3,10,0,10``)."""
    for question in ("AT+CPINR", "AT+SPIC"):
        answer = port.ask(question)
        numbers = re.findall(r"\d+", (answer or "").removeprefix("SIM PIN"))
        if numbers:
            return int(numbers[0])
    return None


def _iccid(port: AtPort) -> str:
    for question in ICCID:
        if found := ICCID_DIGITS.search(port.ask(question) or ""):
            return found[0].upper()
    return ""


# Where messages lie.


def _memories(port: AtPort) -> tuple[str, ...]:
    """The memory that receives, and the others that can be read: what came before lies there. It receives where it
    did, if that can be read."""
    try:
        now = re.findall(r'"(\w+)"', b"".join(port.command("AT+CPMS?")).decode("latin-1"))
    except ModemRefused as error:
        if error.number in UNSUPPORTED:
            return ("",)
        raise SmsPlatformUnreachable(f"the modem's memory is not ready: {error}") from error
    readable = _readable(port) or now[:1]
    receives = now[2] if len(now) > 2 else (now or readable or [""])[0]
    if receives not in readable:
        receives = _receive_elsewhere(port, readable)
    others = [] if receives == BOTH else [name for name in ("SM", "ME") if name in readable and name != receives]
    return (receives, *others)


def _readable(port: AtPort) -> list[str]:
    """The first list of ``("ME","SM","MT"),("ME","SM"),("SM","MT")``."""
    answer = port.ask("AT+CPMS=?") or ""
    return re.findall(r'"(\w+)"', answer.partition(")")[0])


def _receive_elsewhere(port: AtPort, readable: list[str]) -> str:
    for name in ("SM", "ME", BOTH):
        if name in readable and port.takes(f'AT+CPMS="{name}","{name}","{name}"'):
            return name
    raise SmsPlatformUnreachable("the modem receives into a memory that cannot be read")


# What it tells by itself.


def _announce(port: AtPort) -> int:
    """Have messages stored and announced; how delivery reports come. Where it announces nothing, it is looked at now
    and then all the same."""
    for values in wanted_announcements(port.ask("AT+CNMI=?") or ""):
        if port.takes(f"AT+CNMI={','.join(map(str, values))}"):
            return values[3] if len(values) > 3 else NO_REPORT
    log.warning("sms_modem_announces_nothing")
    return NO_REPORT


def wanted_announcements(offered: str) -> list[tuple[int, ...]]:
    """AT+CNMI's values, the best first: of those that the modem offers (``(0-2),(0,1),(0,2),(0,2),(1)``), then the
    rest, because some offer what they refuse and the other way round; at the end the short form."""
    lists = [_numbers(text) for text in re.findall(r"\([^)]*\)|\d+(?:-\d+)?", offered)]
    best: list[tuple[int, ...]] = [
        (mode, stored, 0, report, buffer)
        for stored, report, mode, buffer in product(
            (STORED, NOT_TOLD), (SHOWN_REPORT, STORED_REPORT, NO_REPORT), MODES, BUFFERS
        )
    ]
    short: list[tuple[int, ...]] = [(mode, STORED) for mode in MODES]
    fitting = [values for values in best if lists and all(map(set.__contains__, lists, values))]
    return fitting + [values for values in best if values not in fitting and values[1] == STORED] + short


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(r"(\d)(?:-(\d))?", text):
        found.update(range(int(first), int(last or first) + 1))
    return found
