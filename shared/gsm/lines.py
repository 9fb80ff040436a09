"""The lines of an AT modem (ITU-T V.250 5.7, SIM800 Series AT Command Manual V1.09): one parser that nothing bypasses.

Bytes go in as they come, in whatever pieces; events come out. Unsolicited lines (URCs) may arrive anywhere: between
the lines of a response, or in the middle of received data, where they are found and taken out again.
"""

try:
    from micropython import const
except ImportError:
    from gsm.elsewhere import const

MAX_LINE_BYTES = const(400)  # the longest is a PDU in hexadecimal digits
MAX_DATA_BYTES = const(1460)  # of one AT+CIPRXGET=2
_MAX_FOREIGN_BYTES = const(160)  # URCs in the middle of one block of data

OTHER, FINAL, URC = 0, 1, 2

_END_OF_DATA = b"\r\nOK\r\n"
_BREAK = b"\r\n"

# Tables are one text each, an entry a line: on a board so many objects would cost more than what they say.

# Ends of a response, whichever command it was. A command that ends otherwise says so itself.
_FINALS = b"\nOK\nERROR\nSEND FAIL\nCONNECT FAIL\n+CME ERROR:\n+CMS ERROR:\n"

# What a URC begins with: all up to its colon, or its first word.
# +PDP: DEACT: the bearer is gone, AT+CIPSHUT is mandatory. CLOSED: by the far end, or given up. +CIPRXGET: 1: data
# waits. +CMTI: an SMS was stored. +CMT, +CDS: one is shown, in a second line. UNDER-VOLTAGE WARNNING (sic), WARNING,
# POWER DOWN.
_URCS = (
    b"\n+PDP:\nCLOSED\n+CIPRXGET:\n+CMTI:\n+CMT:\n+CDS:\n+CDSI:\nUNDER-VOLTAGE\nOVER-VOLTAGE\nNORMAL\nRDY\nRING\nNO\n"
    b"Call\nCALL\nSMS\n+CPIN:\n+CFUN:\n+CREG:\n+CGREG:\n+CTZV:\n*PSUTTZ:\n*PSNWID:\nDST:\n+CRING:\n+CLIP:\n+CMTE:\n"
)


def kind(line: bytes, own: bytes = b"") -> int:
    """What a line is while a command is under way whose own lines begin with ``own``.

    FINAL: the response ends badly here, or well if it is "OK"; URC; OTHER: part of the response, an echo, or noise.
    """
    colon = line.find(b":")
    if colon < 0 and _FINALS.find(b"\n" + line + b"\n") >= 0:
        return FINAL
    name = line[: colon + 1] if colon >= 0 else line.split(b" ")[0]
    if name == own and line.find(b",") >= 0:
        return OTHER
    entry = b"\n" + name + b"\n"
    if colon >= 0 and _FINALS.find(entry) >= 0:
        return FINAL
    if _URCS.find(entry) < 0:
        return OTHER
    # An answer of one number only is that of AT+CPIN?. AT+CREG? and AT+CIPRXGET=2 answer several, their URCs have one.
    return OTHER if name == own == b"+CPIN:" else URC


def has_body(urc: bytes) -> bool:
    """The next line belongs to this one (an SMS that is shown instead of stored)."""
    return urc.startswith((b"+CMT:", b"+CDS:"))


def error_number(line: bytes) -> int:
    """Of "+CME ERROR: 10" or "+CMS ERROR: 38"; -1 if it has none."""
    digits = line[line.rfind(b":") + 1 :].strip()
    return int(digits) if digits.isdigit() else -1


class LineParser:
    """Feed it everything that the modem says. Events: ("line", bytes), ("prompt",), ("data", bytes).

    Lines come without their ends, never empty. Line ends may be CR, LF or both; NULs are dropped, as is a line longer
    than MAX_LINE_BYTES.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._at = 0  # of what is pending, so much has been told
        self._wanted = 0  # bytes of data that come next
        self._after_line = False
        self._too_long = False
        self.dropped_lines = 0

    def reset(self) -> None:
        """The modem begins anew: half a line or half a block is nobody's."""
        self._pending = b""
        self._at = self._wanted = 0
        self._after_line = self._too_long = False

    def expect_data(self, count: int) -> None:
        """Called on the line that announces it, before the next event is taken: then so many bytes are data."""
        if not 0 <= count <= MAX_DATA_BYTES:
            raise ValueError("data block")
        self._wanted = count
        self._after_line = True

    def feed(self, data: bytes) -> "Iterator[Event]":
        self._pending = self._pending[self._at :] + data
        self._at = 0
        while True:
            taking_data = self._wanted > 0
            content = self._block() if taking_data else self._next()
            if content is None:
                break
            if taking_data:
                yield ("data", content)
            else:
                yield ("prompt",) if content == b">" else ("line", content)
        self._pending = self._pending[self._at :]
        self._at = 0

    def _next(self) -> "bytes | None":
        """The next line, or b">" for the prompt, which has no line end."""
        pending = self._pending
        while True:
            self._skip_blanks()
            at = self._at
            if pending[at : at + 1] == b">" and not self._too_long:
                self._at += 1
                return b">"
            end = _line_end(pending, at)
            if end < 0:
                if len(pending) - at > MAX_LINE_BYTES:
                    self._at = len(pending)
                    self._too_long = True
                return None
            self._at = end
            line = pending[at:end].replace(b"\0", b"").rstrip()
            if self._too_long or end - at > MAX_LINE_BYTES:
                self._too_long = False
                self.dropped_lines += 1
            elif line:
                return line

    def _skip_blanks(self) -> None:
        """Whatever cannot begin a line. The end of one that was too long ends here."""
        pending = self._pending
        at = self._at
        while at < len(pending) and pending[at] in b"\r\n\0 ":
            if pending[at] in b"\r\n":
                self._too_long = False
            at += 1
        self._at = at

    def _block(self) -> "bytes | None":
        """The data, once the OK behind it shows where it ends; what a URC pushed in is taken out and told as lines."""
        pending = self._pending
        start = self._at
        if self._after_line:  # the announcing line's own end
            if len(pending) - start < len(_BREAK):
                return None
            start += 2 if pending[start : start + 2] == _BREAK else 1
            self._at = start
            self._after_line = False
        count = self._wanted
        end = pending.find(_END_OF_DATA, start + count)
        if end < 0:
            if len(pending) - start <= count + _MAX_FOREIGN_BYTES:
                return None
            end = start + count  # no OK where one must be: the layer above will see what this data is worth
        self._wanted = 0
        block, told = _sorted(pending[start:end], count)
        self._pending = told + pending[end:]
        self._at = 0
        return block


def _line_end(pending: bytes, at: int) -> int:
    first, second = pending.find(b"\r", at), pending.find(b"\n", at)
    if first < 0 or 0 <= second < first:
        return second
    return first


def _sorted(block: bytes, count: int) -> tuple[bytes, bytes]:
    """So many bytes of data, and the lines of URCs that lay among or behind them. Data that merely looks like a URC
    stays: no more is taken out than there is too much."""
    told = b""
    place = block.find(_BREAK)
    while len(block) > count and place >= 0:
        end = block.find(_BREAK, place + 2) + 2
        if 2 < end - place <= len(block) - count and kind(block[place + 2 : end - 2]) == URC:
            told += block[place:end]
            block = block[:place] + block[end:]
        else:
            place += 1
        place = block.find(_BREAK, place)
    return block[:count], block[count:] + told


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Event = tuple[Any, ...]
