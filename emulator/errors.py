"""What the emulated world raises to the test or the demo that runs it."""


class EmulatorError(Exception):
    """Base of all of them."""


class BoardHung(EmulatorError):
    """The board's process computes for ever without looking at its clock, and no watchdog is armed."""


class NotInThisMode(EmulatorError):
    """Asked of a world in virtual time what only real time has, or the other way round."""


class BrokenSeam(EmulatorError):
    """The board's process sent something that is no frame: a broken stand-in, never a fault of the firmware."""


class HostError(EmulatorError):
    """The device answered a call with an error. reason is the stable text, data what else it told."""

    def __init__(self, reason: str, message: str = "", data: dict[str, object] | None = None, code: int = 0) -> None:
        super().__init__(f"{reason}: {message}" if message else reason)
        self.reason = reason
        self.message = message
        self.data = data or {}
        self.code = code


class HostGone(HostError):
    """The device did not answer: no power, reset, or nothing within the time."""
