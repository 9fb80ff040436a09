"""Everything the modem and the phone network can do to the caller, grouped by what the caller does about it."""


class ModemError(Exception):
    """Root of this tree."""


class ModemSilent(ModemError):
    """It does not answer, or answers nonsense. Stop it and start it again, which cuts its power."""


class PowerFault(ModemSilent):
    """Its supply broke down under a transmit burst, and it is gone. The same, and somebody must look at the supply."""


class NoSim(ModemError):
    """There is no SIM, or none that can be read. Tell a person."""


class PinWrong(ModemError):
    """The SIM wants a PIN that we do not have, refused ours, or wants its PUK. Tell a person; never try a PIN twice."""


class NotRegistered(ModemError):
    """No network takes us now. Wait; another command does not help."""


class LinkLost(ModemError):
    """The connection or the bearer below it is gone, or bytes of it are. Attach and connect anew."""


class ConnectFailed(ModemError):
    """The bearer stands, the server was not reached. Try later, or elsewhere."""


class SmsRefused(ModemError):
    """The network or the SIM did not take the message; ``cms`` says why (3GPP TS 27.005 3.2.5), -1 = it did not say."""

    def __init__(self, cms: int) -> None:
        super().__init__(cms)
        self.cms = cms


class CommandFailed(ModemError):
    """The modem said ERROR; ``number`` is its CME or CMS number, -1 = none. Stays inside the driver."""

    def __init__(self, line: bytes, number: int) -> None:
        super().__init__(line)
        self.number = number
