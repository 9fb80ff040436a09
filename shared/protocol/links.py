"""The ways from a machine to the back office, and why a machine took another. The text is what programs compare and
what the host link says; the number is what a report's health carries.

Law: a number is a name's place in its tuple. Names are only ever appended; a retired one keeps its place.
"""

from protocol.errors import UnknownKind

WIFI = "wifi"  # the clinic's Wi-Fi
GPRS = "gprs"  # TCP through the modem
SMS = "sms"  # short messages through the modem
CARD = "card"  # a service card, carried by hand

LINKS = (WIFI, GPRS, SMS, CARD)

FIRST_CHOICE = "first_choice"  # the first link of the setting: power came up, or the settings are others
NO_WIFI = "no_wifi"  # the Wi-Fi network does not take the machine
NO_SERVER = "no_server"  # no connection to the server's address
NO_ANSWER = "no_answer"  # sent, but no sealed acknowledgement came back in time
BAD_CERTIFICATE = "bad_certificate"  # whoever answered could not prove to be the server
NO_SIM = "no_sim"  # the modem finds no SIM card
PIN_WRONG = "pin_wrong"  # the SIM card wants a PIN that the machine does not have; it is never tried twice
NOT_REGISTERED = "not_registered"  # no mobile network takes the modem
GPRS_REFUSED = "gprs_refused"  # the network gives no data connection
LINK_LOST = "link_lost"  # a connection that stood was cut
MODEM_SILENT = "modem_silent"  # the modem does not answer, or is not there
POWER_FAULT = "power_fault"  # the modem's supply broke down
SMS_REFUSED = "sms_refused"  # the network did not take the short message
SMS_CAP_REACHED = "sms_cap_reached"  # as many short messages as may be sent in one day
NOT_CONFIGURED = "not_configured"  # a setting that this link needs is empty
BETTER_LINK_BACK = "better_link_back"  # a link that comes first has worked again for a while
URGENT_EVENT = "urgent_event"  # something that must be known soon, and the usual links did not answer
TRIAL = "trial"  # new settings are on trial
RETURNED_FROM_TRIAL = "returned_from_trial"  # they did not work: the old ones are back
OUT_OF_MEMORY = "out_of_memory"  # no room for this link at the moment

REASONS = (
    FIRST_CHOICE,
    NO_WIFI,
    NO_SERVER,
    NO_ANSWER,
    BAD_CERTIFICATE,
    NO_SIM,
    PIN_WRONG,
    NOT_REGISTERED,
    GPRS_REFUSED,
    LINK_LOST,
    MODEM_SILENT,
    POWER_FAULT,
    SMS_REFUSED,
    SMS_CAP_REACHED,
    NOT_CONFIGURED,
    BETTER_LINK_BACK,
    URGENT_EVENT,
    TRIAL,
    RETURNED_FROM_TRIAL,
    OUT_OF_MEMORY,
)


def reason_number(name: str) -> int:
    if name not in REASONS:
        raise UnknownKind("no reason of the name " + repr(name))
    return REASONS.index(name)


def reason_name(number: int) -> str:
    if not 0 <= number < len(REASONS):
        raise UnknownKind("no reason of the number " + repr(number))
    return REASONS[number]
