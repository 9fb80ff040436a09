"""How the links are, for the host link and for the report's health. Borrowed code."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
    from uplink import Uplink


def status(loop: "Uplink") -> dict[str, object]:
    """For whoever asks on the host link."""
    state = loop.links
    return {
        "transport": state.current.name,
        "reason": state.reason,
        "last_ack_time": loop.last_ack_time,
        "last_error": loop.last_error,
        "link_errors": loop.link_errors,
        "sms_sent": loop.sms_sent,
        "trial": bool(loop.config.trial),
        "modem": _modem(loop.modem.modem) if loop.modem is not None else None,
    }


def _modem(modem: "Modem") -> dict[str, object]:
    return {
        "state": modem.state,
        "signal_dbm": modem.signal_dbm,
        "operator": modem.operator,
        "restarts": modem.restarts,
        "brownouts": modem.brownouts,
    }


def health(loop: "Uplink") -> dict[int, object]:
    """What the back office is told with each report."""
    from protocol import health as numbers

    state = loop.links
    facts: dict[int, object] = {
        numbers.HEALTH_TRANSPORT: loop.carrier,
        numbers.HEALTH_SWITCH_REASON: state.reason,
        numbers.HEALTH_SMS_SENT: loop.sms_sent,
        numbers.HEALTH_LINK_ERRORS: loop.link_errors,
    }
    if loop.modem is not None:
        modem = loop.modem.modem
        facts[numbers.HEALTH_SIGNAL_DBM] = modem.signal_dbm
        facts[numbers.HEALTH_MODEM_RESTARTS] = modem.restarts
        facts[numbers.HEALTH_NETWORK_TIME] = _network_time(modem)
    return facts


def _network_time(modem: "Modem") -> int:
    """What the network would say now; it was asked a while ago. 0: it does not tell."""
    if not modem.network_time:
        return 0
    return modem.network_time + time.ticks_diff(time.ticks_ms(), modem.network_time_uptime) // 1000
