"""Text mode's view of PDUs (3GPP TS 27.005 3): what AT+CMGF=1 takes and shows."""

from typing import Final

from gsm import text as alphabet
from gsm.errors import PduError
from gsm.fields import address
from gsm.pdu import Deliver, decode_deliver

from emulator.sim800.at import CmsError

INVALID_TEXT: Final = 305
FIRST_OCTET, VALIDITY, PROTOCOL, CODING = 17, 167, 0, 0  # AT+CSMP's defaults
WANTS_REPORT: Final = 0x20
SUBMIT_BITS: Final = 0x11  # SUBMIT with a relative validity
MAX_SEPTETS: Final = 160
MAX_OCTETS: Final = 140
STATES: Final = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")


def submit_of_text(number: str, text: str, character_set: str, first_octet: int, validity: int) -> bytes:
    """The SUBMIT with an empty service centre in front, as PDU mode would have it."""
    coding, user_data = _user_data(text, character_set)
    kind = SUBMIT_BITS | first_octet & WANTS_REPORT
    return bytes((0, kind, 0)) + address(number) + bytes((0, coding, validity)) + user_data


def _user_data(text: str, character_set: str) -> tuple[int, bytes]:
    if character_set == "UCS2":
        octets = bytes.fromhex(text)
        if len(octets) > MAX_OCTETS:
            raise CmsError(INVALID_TEXT)
        return 8, bytes((len(octets),)) + octets
    septets = alphabet.to_septets(text)
    if septets is None or len(septets) > MAX_SEPTETS:
        raise CmsError(INVALID_TEXT)
    return 0, bytes((len(septets),)) + alphabet.packed(septets)


def heading_and_text(pdu: bytes, character_set: str) -> tuple[str, str]:
    """What follows the state in +CMGR and +CMGL, and the line below it."""
    try:
        message = decode_deliver(pdu)
    except PduError:
        return '"","",""', pdu.hex().upper()
    return f'{_shown(message.sender, character_set)},"","{_stamp(pdu)}"', _content(message, character_set)


def _content(message: Deliver, character_set: str) -> str:
    if message.text is None:
        return message.data.hex().upper()
    if character_set == "UCS2":
        return message.text.encode("utf-16-be").hex().upper()
    return message.text.encode("latin-1", "replace").decode("latin-1")


def _shown(sender: str, character_set: str) -> str:
    return f'"{sender.encode("utf-16-be").hex().upper() if character_set == "UCS2" else sender}"'


def _stamp(pdu: bytes) -> str:
    """The centre's time stamp lies behind the sender, its protocol and coding."""
    at = 1 + pdu[0] + 1
    at += 2 + (pdu[at] + 1) // 2 + 2
    year, month, day, hour, minute, second, zone = (f"{octet & 15}{octet >> 4}" for octet in pdu[at : at + 7])
    return f"{year}/{month}/{day},{hour}:{minute}:{second}+{zone}"
