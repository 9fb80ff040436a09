"""What the modem knows of its network: registration, signal, operator, time."""

import asyncio

from gsm.timestamp import unix_seconds
from micropython import const

from sim800.errors import CommandFailed, NotRegistered

_REGISTER_STEPS = const(90)
_REGISTER_STEP_MS = const(1000)
_REGISTERED = (b"1", b"5")  # at home, roaming: SIM800 Series AT Command Manual 3.2.22 (AT+CREG)
_UNKNOWN_SIGNAL = const(99)


async def register(modem: "Modem") -> None:
    """Until a network has us. Denied is not the end: networks change their mind."""
    for _ in range(_REGISTER_STEPS):
        await ask(modem)
        if modem.registered:
            await refresh(modem)
            return
        await asyncio.sleep_ms(_REGISTER_STEP_MS)
    raise NotRegistered("no network")


async def refresh(modem: "Modem") -> None:
    await ask(modem)
    port = modem.port
    try:
        level = (await port.ask(b"+CSQ")).split(b",")[0]
        known = level.isdigit() and int(level) != _UNKNOWN_SIGNAL
        modem.signal_dbm = int(level) * 2 - 113 if known else 0
        quoted = (await port.ask(b"+COPS?")).split(b'"')
        modem.operator = quoted[1].decode() if len(quoted) > 1 else ""
        modem.set_network_time(clock_time(await port.ask(b"+CCLK?")))
    except (CommandFailed, UnicodeError):
        pass  # it does not know; nothing depends on it


async def ask(modem: "Modem") -> None:
    """Whether a network has us."""
    try:
        state = (await modem.port.ask(b"+CREG?")).split(b",")
    except CommandFailed:
        state = []
    modem.registered = len(state) > 1 and state[1].strip() in _REGISTERED


def clock_time(answer: bytes) -> int:
    """Unix seconds of b'"26/11/23,14:05:09+32"', quarter hours at the end; 0 if the clock was never set."""
    numbers = []
    digits = b""
    sign = 1
    for value in answer.strip(b'"') + b",":
        if 48 <= value <= 57:
            digits += bytes((value,))
            continue
        if digits:
            numbers.append(int(digits))
            digits = b""
        if value == 45:
            sign = -1
    if len(numbers) == 6:
        numbers.append(0)
    if len(numbers) != 7:
        return 0
    year, month, day, hour, minute, second, quarters = numbers
    return unix_seconds(year, month, day, hour, minute, second, sign * quarters)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
