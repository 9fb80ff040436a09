"""From a modem in whatever state to one that is registered in a network; and off again. Each step is bounded."""

import asyncio

from micropython import const

from sim800 import network, power
from sim800.errors import CommandFailed, ModemError, ModemSilent, NoSim, NotRegistered, PinWrong, PowerFault
from sim800.modem import POWER_CYCLE_AT

_FIRST_ANSWER_MS = const(500)
_WAKE_TRIES = const(16)  # 8 s: it answers about 3 s after its key
_OTHER_BAUD_TRIES = const(3)
_OTHER_BAUDS = (9600, 57600, 38400, 19200)  # a modem that somebody else had set up
_RECEIVE_BUFFER_BYTES = const(2048)
_SIM_TRIES = const(20)
_SIM_STEP_MS = const(500)
_SIM_ABSENT = (10, 13, 15)  # not inserted, failure, wrong
_PIN_TRIES_FRESH = const(3)
_POWER_DOWN_MS = const(5000)
_RESTART_MS = const(10000)

# Command, and whether the modem has to take it.
_SETTINGS = (
    (b"E0", True),
    (b"+CMEE=1", True),
    (b"+CMGF=0", True),
    (b"+CIPMUX=0", False),
    (b"+CIPRXGET=1", True),  # received data waits until it is fetched
    (b"+CIPQSEND=1", False),  # do not wait for the far end's TCP to acknowledge: it says nothing about the application
    (b"+CLTS=1", False),  # the network's time into the modem's clock
    (b"+CREG=0", False),
)
_STORED_SETTINGS = ((b"E0", False), (b"+CLTS=1", False), (b"&W", True))  # with the baud rate, once for all
_SMS_SETTINGS = ((b"+CNMI=2,1,0,1,0", False),)  # stored messages are announced, delivery reports are shown
_STORE = b'+CPMS="SM","SM","SM"'
_STORE_TRIES = const(20)  # until the SIM's messages are read, some seconds after the registration


async def start(modem: "Modem", pin: str) -> None:
    """A modem that runs and is registered is left as it is."""
    modem.pin = pin
    if not await _runs(modem):
        await _switch_on(modem)
        await _set_up(modem)
    try:
        await _join(modem)
    except NotRegistered:
        modem.failures += 1  # again and again: maybe not the network but its radio, which only its supply mends
        raise


async def restart_softly(modem: "Modem") -> None:
    """AT+CFUN=1,1: the modem's own restart, with the supply on."""
    modem.soft_restarts += 1
    modem.lose_link(b"CLOSED")
    modem.state = "starting"
    modem.booted = False
    await modem.port.command(b"+CFUN=1,1", _RESTART_MS)
    for _ in range(_RESTART_MS // _SIM_STEP_MS):  # it goes on answering for a moment
        if modem.booted:
            break
        await asyncio.sleep_ms(_SIM_STEP_MS)
    await _answers(modem, _WAKE_TRIES)
    await _set_up(modem)
    await _join(modem)


async def stop(modem: "Modem") -> None:
    if modem.port.open:
        try:
            await modem.port.command(b"+CPOWD=1", _POWER_DOWN_MS, (b"NORMAL POWER DOWN",))
        except ModemError:
            pass  # it is going off anyway
    modem.gone()
    await power.off(modem.pins)


async def _runs(modem: "Modem") -> bool:
    if not modem.port.open or modem.failures >= POWER_CYCLE_AT or modem.state in ("off", "starting"):
        return False
    try:
        await modem.port.command(b"", _FIRST_ANSWER_MS)
        return await modem.port.ask(b"+CPIN?") == b"READY"
    except ModemError:
        return False


async def _switch_on(modem: "Modem") -> None:
    fault = modem.undervoltage
    modem.gone()
    modem.starts += 1
    modem.failures = 0
    modem.undervoltage = False
    modem.state = "starting"
    await power.cycle(modem.pins)
    modem.port.uart.init(baudrate=modem.baud, rxbuf=_RECEIVE_BUFFER_BYTES, timeout=0)
    modem.port.listen()
    try:
        await _find(modem)
    except ModemSilent:
        modem.gone()
        raise PowerFault("no answer after a voltage warning") if fault else ModemSilent("no answer") from None


async def _find(modem: "Modem") -> None:
    """It answers at our baud rate, by autobaud or because it is fixed; from then on it is fixed."""
    try:
        await _answers(modem, _WAKE_TRIES)
    except ModemSilent:
        await _find_at_another_rate(modem)
    rate = b"%d" % modem.baud
    if await modem.port.ask(b"+IPR?") != rate:
        await modem.port.command(b"+IPR=" + rate)
        await _apply(modem, _STORED_SETTINGS)


async def _find_at_another_rate(modem: "Modem") -> None:
    uart = modem.port.uart
    for baud in _OTHER_BAUDS:
        uart.init(baudrate=baud, rxbuf=_RECEIVE_BUFFER_BYTES, timeout=0)
        try:
            await _answers(modem, _OTHER_BAUD_TRIES)
            await modem.port.command(b"+IPR=%d" % modem.baud)
        except ModemError:
            continue
        break
    uart.init(baudrate=modem.baud, rxbuf=_RECEIVE_BUFFER_BYTES, timeout=0)
    await _answers(modem, _OTHER_BAUD_TRIES)


async def _answers(modem: "Modem", tries: int) -> None:
    """Autobaud needs to hear "AT" a few times; nothing else can be waited for, RDY does not come then."""
    for _ in range(tries):
        try:
            modem.port.out_of_step = False  # it begins anew: nothing is still to be answered
            await modem.port.command(b"", _FIRST_ANSWER_MS)
        except ModemError:
            continue
        return
    raise ModemSilent("no answer")


async def _set_up(modem: "Modem") -> None:
    await _apply(modem, _SETTINGS)
    await _unlock(modem)
    await _apply(modem, _SMS_SETTINGS)


async def _join(modem: "Modem") -> None:
    modem.state = "searching"
    await network.register(modem)
    modem.state = "attached" if modem.attached else "ready"
    for _ in range(_STORE_TRIES):
        try:
            await modem.port.command(_STORE)
            return
        except CommandFailed:
            await asyncio.sleep_ms(_SIM_STEP_MS)


async def _apply(modem: "Modem", settings: tuple[tuple[bytes, bool], ...]) -> None:
    for command, needed in settings:
        try:
            await modem.port.command(command)
        except CommandFailed:
            if needed:
                raise ModemSilent(command) from None


async def _unlock(modem: "Modem") -> None:
    """Until the SIM is ready. A PIN is entered once, and only if no earlier attempt at it failed."""
    for _ in range(_SIM_TRIES):
        state = await _sim_state(modem)
        if state == b"READY":
            return
        if state == b"SIM PIN":
            await _enter_pin(modem)
        elif state == b"NOT INSERTED":
            _no_sim(modem)
        elif state and state != b"NOT READY":
            modem.state = "pin"
            raise PinWrong(state)
        await asyncio.sleep_ms(_SIM_STEP_MS)
    _no_sim(modem)


async def _sim_state(modem: "Modem") -> bytes:
    """Empty while it is busy."""
    try:
        return await modem.port.ask(b"+CPIN?")
    except CommandFailed as error:
        if error.number in _SIM_ABSENT:
            _no_sim(modem)
        return b""


def _no_sim(modem: "Modem") -> None:
    modem.state = "no_sim"
    raise NoSim("no SIM")


async def _enter_pin(modem: "Modem") -> None:
    pin = modem.pin
    modem.state = "pin"
    if not (4 <= len(pin) <= 8 and pin.isdigit()):
        raise PinWrong("the SIM wants a PIN")
    if pin == modem.refused_pin or await _pin_tries(modem) < _PIN_TRIES_FRESH:
        raise PinWrong("refused before")
    modem.refused_pin = pin
    try:
        await modem.port.command(b'+CPIN="' + pin.encode() + b'"')
    except CommandFailed:
        raise PinWrong("refused") from None
    modem.refused_pin = None
    modem.state = "starting"


async def _pin_tries(modem: "Modem") -> int:
    """How many the SIM has left. It remembers over a power cut, which we do not."""
    try:
        left = (await modem.port.ask(b"+SPIC")).split(b",")[0]
    except CommandFailed:
        return _PIN_TRIES_FRESH
    return int(left) if left.isdigit() else _PIN_TRIES_FRESH


TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
