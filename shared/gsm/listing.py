"""What any make of modem shows of its memory (3GPP TS 27.005 3.4.2), whatever else it says in between. Boards never
load this.

A header and the PDU below it belong together, but modems talk in between: `^RSSI: 18`, `+CUSD: ...`, `+CIEV: ...`,
`+ZUSIMR:2`, `RING` (all seen in transcripts of Huawei, ZTE, Telit and Siemens modems). A line is a PDU if it is
hexadecimal digits and as long as its header says; what fits nothing was cut or garbled on the way, and is read better
the next time.
"""

from gsm import lines

_DIGITS = frozenset(b"0123456789ABCDEFabcdef")
_PREFIXES = b"+^*$%#!&"
_BODIES = (b"+CMT:", b"+CDS:", b"+CBM:")


class Entry:
    """One place. ``pdu`` is None where nothing that was shown fits its header; ``shown`` is the line that was shown."""

    def __init__(self, place: int, status: int, length: int, below: list[bytes]) -> None:
        self.place = place
        self.status = status
        self.pdu: bytes | None = None
        digits = [line for line in below if is_digits(line)]
        self.shown = digits[0] if digits else (below[0] if below else b"")
        for line in (*digits, b"".join(digits)):  # the last: a line of the modem's own broke the PDU in two
            if fits(line, length):
                self.shown, self.pdu = line, bytes.fromhex(line.decode())
                return


def entries(answer: list[bytes]) -> list[Entry]:
    """The places of an answer to AT+CMGL: headers ``+CMGL: place,status,[name],length``, each with lines below it."""
    found: list[tuple[list[bytes], list[bytes]]] = []
    for line in answer:
        if line.startswith(b"+CMGL:"):
            found.append((line[len(b"+CMGL:") :].split(b","), []))
        elif found:
            found[-1][1].append(line)
    return [
        Entry(number(header[0]), number(header[1]), number(header[-1]), below)
        for header, below in found
        if len(header) > 2 and number(header[0]) >= 0
    ]


def fits(line: bytes, length: int) -> bool:
    """Whether a line is a PDU of so many octets, the service centre's address in front of it not counted."""
    if not is_digits(line) or len(line) % 2:
        return False
    octets = bytes.fromhex(line.decode())
    return len(octets) - 1 - octets[0] == length


def is_digits(line: bytes) -> bool:
    """Nothing but hexadecimal digits, and some."""
    return bool(line) and _DIGITS.issuperset(line)


def came_by_itself(line: bytes, own: bytes) -> bool:
    """Whether this is no part of the answer of a command whose lines begin with ``own``: a URC, also one of a make of
    modem that we do not know, because it begins with the name of something else."""
    what = lines.kind(line, own)
    if what == lines.OTHER:
        colon = line.find(b":")
        return colon > 0 and line[:1] in _PREFIXES and line[: colon + 1] != own
    return what == lines.URC


def has_body(urc: bytes) -> bool:
    """The PDU that it announces comes in a line of its own."""
    return urc.startswith(_BODIES)


def is_body(urc: bytes, line: bytes) -> bool:
    """Whether this is that line."""
    announced = number(urc[urc.find(b":") + 1 :].split(b",")[-1])
    return fits(line, announced) or (is_digits(line) and len(line) == 2 * announced)


def number(field: bytes) -> int:
    """Of a field between commas; -1 if it is none."""
    digits = field.strip()
    return int(digits) if digits.isdigit() and len(digits) < 10 else -1
