"""Where board and modem meet: three pins, a serial line, and the supply that the card reader shares."""

from typing import TYPE_CHECKING, Final

from emulator import wiring
from emulator.sim800 import BrownOut, Sim800

if TYPE_CHECKING:
    from emulator.device import Board

NOISE: Final = 0xA5


def attach_modem(board: "Board") -> Sim800:
    """A modem on the board's pins; its supply is off as long as nobody drives that pin."""
    modem = Sim800(board.world, board.name)
    uart, pins, reader = board.uarts[wiring.MODEM_UART], board.pins, board.reader

    def as_heard(data: bytes) -> bytes:
        """Bytes at another rate than the receiver's are noise."""
        return data if modem.serial.current_rate == uart.baudrate else bytes(byte ^ NOISE for byte in data)

    def dip_supply(fault: BrownOut) -> None:
        if fault.reader == "dip":
            reader.supply_dip()
        elif fault.reader == "dead":
            reader.die()

    uart.on_sent.append(lambda data: modem.serial.receive(data, uart.baudrate))
    modem.serial.output = lambda data: uart.push(as_heard(data))
    modem.on_supply_dip = dip_supply
    modem.power.on_status = lambda level: pins.edge(wiring.MODEM_STATUS, level)
    pins.sources[wiring.MODEM_STATUS] = lambda: modem.power.status
    pins.listeners[wiring.MODEM_POWER] = modem.supply
    pins.listeners[wiring.MODEM_POWER_KEY] = modem.power.key
    return modem
