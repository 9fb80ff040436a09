"""The character set of AT+CSCS (manual 3.2.12, 3GPP TS 27.007 5.5): how text is written on the serial line.

UCS2 and HEX are written as hexadecimal digits: four for each character, and two for each character's place in the
7-bit alphabet. GSM is that alphabet as it is, one byte a character ("@" is 0x00).
"""

from typing import Final

from gsm import text as alphabet

DEFAULT: Final = "IRA"
CODECS: Final = {"IRA": "ascii", "PCCP": "cp437", "PCDN": "cp865", "8859-1": "latin-1"}
SUPPORTED: Final = ("IRA", "GSM", "UCS2", "HEX", "PCCP", "PCDN", "8859-1")


def read(typed: bytes, character_set: str) -> str:
    """The text that these bytes are. ValueError: they are none."""
    if character_set == "UCS2":
        return bytes.fromhex(typed.decode("ascii")).decode("utf-16-be")
    if character_set == "HEX":
        typed = bytes.fromhex(typed.decode("ascii"))
    elif character_set != "GSM":
        return typed.decode(CODECS[character_set])
    if any(value > 0x7F for value in typed):
        raise ValueError("no septet")
    return alphabet.septets(alphabet.packed(typed), len(typed), 0)


def write(text: str, character_set: str) -> bytes:
    """The bytes that show this text; what the set does not have becomes a question mark."""
    if character_set == "UCS2":
        return alphabet.to_ucs_2(text).hex().upper().encode()
    if character_set not in ("HEX", "GSM"):
        return text.encode(CODECS[character_set], "replace")
    written = b"".join(alphabet.to_septets(letter) or b"?" for letter in text)
    return written.hex().upper().encode() if character_set == "HEX" else written
