"""GPRS and one TCP connection on it (SIM800 Series AT Command Manual 8.2): attach, connect, the recovery ladder.

The ladder, one rung for each failure in a row: begin anew with AT+CIPSHUT (twice), the modem's own restart, its power.
"""

from micropython import const

from sim800 import network
from sim800.errors import CommandFailed, ConnectFailed, LinkLost, ModemError, ModemSilent, NotRegistered
from sim800.modem import POWER_CYCLE_AT, SOFT_RESTART_AT
from sim800.stream import TcpStream

_SHUT_MS = const(65000)
_GPRS_MS = const(75000)
_BRING_UP_MS = const(85000)
_CONNECT_MS = const(75000)
_MAX_TEXT = const(64)  # of an APN, a user, a password
_MAX_HOST = const(100)
_ADDRESS = (b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9")  # AT+CIFSR answers without a name and without OK


async def attach(modem: "Modem", apn: str, user: str, password: str) -> None:
    credentials = b",".join([quoted(text, _MAX_TEXT) for text in (apn, user, password)])
    if modem.failures >= POWER_CYCLE_AT:
        await modem.start(modem.pin)
    elif modem.failures == SOFT_RESTART_AT:
        await _restart(modem)
    try:
        await _bring_up(modem, credentials)
    except ModemSilent:
        modem.failures = POWER_CYCLE_AT
        raise
    except CommandFailed as error:
        modem.failures += 1
        raise LinkLost("GPRS: " + repr(error)) from None
    modem.attached = True
    modem.state = "attached"


async def _restart(modem: "Modem") -> None:
    from sim800 import bringup

    try:
        await bringup.restart_softly(modem)
    except (ModemSilent, CommandFailed, NotRegistered):
        modem.failures = POWER_CYCLE_AT
        raise ModemSilent("its own restart did not help") from None


async def _bring_up(modem: "Modem", credentials: bytes) -> None:
    port = modem.port
    modem.lose_link(b"CLOSED")
    await port.command(b"+CIPSHUT", _SHUT_MS, (b"SHUT OK",))
    await network.ask(modem)
    if not modem.registered:
        raise NotRegistered("no network")
    if await port.ask(b"+CGATT?", _GPRS_MS) != b"1":
        await port.command(b"+CGATT=1", _GPRS_MS)
    await port.command(b"+CIPRXGET=1")
    await port.command(b"+CSTT=" + credentials)
    await port.command(b"+CIICR", _BRING_UP_MS, over_link=True)
    await port.command(b"+CIFSR", ends=_ADDRESS)


async def connect(modem: "Modem", host: str, port: int) -> TcpStream:
    if not modem.attached:
        raise LinkLost("no bearer")
    if modem.stream:
        await modem.stream.close()
    start = b'+CIPSTART="TCP",' + quoted(host, _MAX_HOST) + b',"%d"' % port
    stream = TcpStream(modem)
    modem.stream = stream
    try:
        await modem.port.command(start, _CONNECT_MS, (b"CONNECT OK",), over_link=True)
    except CommandFailed as error:
        modem.stream = None
        if not modem.attached:
            raise LinkLost("the bearer went down") from None
        modem.attached = modem.failures == 0  # the second time in a row: the bearer may stand in name only
        modem.failures = max(modem.failures, 1)
        raise ConnectFailed(repr(error)) from None
    except ModemError:
        modem.lose_link(b"CLOSED")
        modem.failures += 1
        raise LinkLost("no end of the attempt to connect") from None
    return stream


def quoted(text: str, most: int) -> bytes:
    """As the modem wants texts. What could end them, or the line, is refused."""
    data = text.encode()
    if len(data) > most or not _harmless(data):
        raise ConnectFailed("a setting that no modem takes")
    return b'"' + data + b'"'


def _harmless(data: bytes) -> bool:
    return data.find(b'"') < 0 and min(data or b" ") >= 32


TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
