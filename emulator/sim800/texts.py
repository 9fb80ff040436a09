"""Text mode's view of PDUs (3GPP TS 27.005 3): what AT+CMGF=1 takes and shows.

Only what is sent in the 7-bit alphabet is text in the character set of AT+CSCS. Under a coding scheme of 8-bit data or
UCS-2 the line carries octets, two hexadecimal digits each, whatever AT+CSCS says (27.005 3.1, <data>); so AT+CSCS alone
sends no Chinese: AT+CSMP has to say 8 as well.
"""

from typing import Final

from gsm import fields
from gsm import text as alphabet
from gsm.errors import PduError
from gsm.pdu import Deliver, decode_deliver

from emulator.sim800 import character_sets
from emulator.sim800.at import CmsError

INVALID_TEXT: Final = 305
FIRST_OCTET, VALIDITY, PROTOCOL, CODING = 17, 167, 0, 0  # AT+CSMP's defaults
WANTS_REPORT: Final = 0x20
SUBMIT_BITS: Final = 0x11  # SUBMIT with a relative validity
MAX_SEPTETS: Final = 160
MAX_OCTETS: Final = 140
STATES: Final = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")
TIME_BYTES: Final = 7
WEST: Final = 0x08  # of Greenwich: the sign in a time stamp's zone (3GPP TS 23.040 9.2.3.11)
INTERNATIONAL, NATIONAL = 145, 129


def number_typed(typed: str, character_set: str) -> str:
    """A telephone number: a string in the character set, like any other. ValueError: it is none."""
    return character_sets.read(typed.encode("latin-1"), character_set) if character_set == "UCS2" else typed


def submit_of_text(number: str, typed: bytes, character_set: str, settings: tuple[int, int, int, int]) -> bytes:
    """The SUBMIT with an empty service centre in front, as PDU mode would have it; settings as AT+CSMP has them."""
    first_octet, validity, protocol, coding = settings
    kind = SUBMIT_BITS | first_octet & WANTS_REPORT
    return (
        bytes((0, kind, 0))
        + fields.address(number)
        + bytes((protocol, coding, validity))
        + _user_data(typed, character_set, coding)
    )


def _user_data(typed: bytes, character_set: str, coding: int) -> bytes:
    if fields.alphabet(coding) != fields.BITS_7:
        octets = bytes.fromhex(typed.decode("ascii"))
        if len(octets) > MAX_OCTETS:
            raise CmsError(INVALID_TEXT)
        return bytes((len(octets),)) + octets
    septets = alphabet.to_septets(character_sets.read(typed, character_set))
    if septets is None or len(septets) > MAX_SEPTETS:
        raise CmsError(INVALID_TEXT)
    return bytes((len(septets),)) + alphabet.packed(septets)


def heading_and_text(pdu: bytes, character_set: str) -> tuple[str, str]:
    """What follows the state in +CMGR and +CMGL, and the line below it."""
    try:
        message = decode_deliver(pdu)
    except PduError:
        return '"","",""', pdu.hex().upper()
    return f'{_number_shown(message.sender, character_set)},"","{_delivered_at(pdu)}"', _content(message, character_set)


def report_line(pdu: bytes, character_set: str) -> str:
    """+CDS: <fo>,<mr>,<ra>,<tora>,<scts>,<dt>,<st> (27.005 3.1)."""
    cursor = fields.Cursor(pdu)
    cursor.skip_service_centre()
    first_octet, reference, number = cursor.byte(), cursor.byte(), cursor.address()
    times = f'"{_stamp(cursor.take(TIME_BYTES))}","{_stamp(cursor.take(TIME_BYTES))}"'
    kind = INTERNATIONAL if number.startswith("+") else NATIONAL
    shown = _number_shown(number, character_set)
    return f"+CDS: {first_octet},{reference},{shown},{kind},{times},{cursor.byte()}"


def _content(message: Deliver, character_set: str) -> str:
    if message.text is None:
        return message.data.hex().upper()
    if message.alphabet == fields.UCS_2:
        character_set = "UCS2"
    return character_sets.write(message.text, character_set).decode("latin-1")


def _number_shown(number: str, character_set: str) -> str:
    return f'"{character_sets.write(number, "UCS2").decode() if character_set == "UCS2" else number}"'


def _delivered_at(pdu: bytes) -> str:
    """The centre's time stamp lies behind the sender, its protocol and coding."""
    cursor = fields.Cursor(pdu)
    cursor.skip_service_centre()
    cursor.byte()
    cursor.address()
    cursor.take(2)
    return _stamp(cursor.take(TIME_BYTES))


def _stamp(octets: bytes) -> str:
    year, month, day, hour, minute, second = (f"{octet & 15}{octet >> 4}" for octet in octets[:6])
    zone = octets[6]
    sign = "-" if zone & WEST else "+"
    return f"{year}/{month}/{day},{hour}:{minute}:{second}{sign}{zone & 7}{zone >> 4}"
