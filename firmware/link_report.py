"""How the links are, for the host link and for the report's health. Borrowed code."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink


def status(loop: "Uplink") -> dict[str, object]:
    """For whoever asks on the host link."""
    state, modem = loop.links, loop.modem
    return {
        "transport": state.current.name,
        "reason": state.reason,
        "last_ack_time": loop.last_ack_time,
        "last_error": loop.last_error,
        "link_errors": loop.link_errors,
        "sms_sent": loop.sms_sent,
        "trial": bool(loop.config.trial),
        "modem": modem.status() if modem is not None else None,
    }


def health(loop: "Uplink") -> dict[int, object]:
    """What the back office is told with each report."""
    from protocol import uplink  # in memory already, where a report is made

    state, modem = loop.links, loop.modem
    facts: dict[int, object] = {
        uplink.HEALTH_TRANSPORT: loop.carrier,
        uplink.HEALTH_SWITCH_REASON: state.reason,
        uplink.HEALTH_SMS_SENT: loop.sms_sent,
        uplink.HEALTH_LINK_ERRORS: loop.link_errors,
    }
    if modem is not None:
        facts[uplink.HEALTH_SIGNAL_DBM] = modem.signal_dbm()
        facts[uplink.HEALTH_MODEM_RESTARTS] = modem.restarts()
        facts[uplink.HEALTH_NETWORK_TIME] = modem.network_time()
    return facts
