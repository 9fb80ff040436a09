"""An AT modem at the byte level, after the SIM800 Series AT Command Manual V1.09 and Hardware Design V1.09."""

from emulator.sim800.chip import Sim800
from emulator.sim800.faults import BrownOut, ModemFaults
from emulator.sim800.sim import Sim

__all__ = ["BrownOut", "ModemFaults", "Sim", "Sim800"]
