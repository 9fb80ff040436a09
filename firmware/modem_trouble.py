"""What the modem's errors mean for the choice of links. Borrowed code."""

from sim800 import errors
from transport import TransportError

_REASONS = (
    (errors.NoSim, "no_sim"),
    (errors.PinWrong, "pin_wrong"),
    (errors.NotRegistered, "not_registered"),
    (errors.PowerFault, "power_fault"),
    (errors.ModemSilent, "modem_silent"),
    (errors.ConnectFailed, "no_server"),
    (errors.LinkLost, "link_lost"),
    (errors.SmsRefused, "sms_refused"),
)


def transport_error(error: Exception, otherwise: str) -> TransportError:
    """The same for the uplink; ``otherwise`` names what is not in the table."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return TransportError(reason, repr(error))
    return TransportError(otherwise, repr(error))
