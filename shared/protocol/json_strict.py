"""Is this text really JSON (RFC 8259)? MicroPython's own parser lets missing commas, colons and brackets pass.

Only the grammar is checked, and only as far as that parser does not: it takes the values afterwards.
"""

from protocol.errors import Malformed

_SPACE = b" \t\r\n"
_ENDS = b",]} \t\r\n"
_ESCAPES = b'"\\/bfnrtu'
_DIGITS = b"0123456789"
_SURROGATES = (b"D8", b"D9", b"DA", b"DB", b"DC", b"DD", b"DE", b"DF")
_VALUE, _VALUE_OR_END, _KEY, _KEY_OR_END, _AFTER = range(5)


def check(text: bytes) -> None:
    open_brackets = bytearray()
    expected = _VALUE
    place = _skip_space(text, 0)
    while place < len(text):
        char = text[place : place + 1]
        if expected == _AFTER or (expected in (_KEY_OR_END, _VALUE_OR_END) and char in (b"}", b"]")):
            expected = _separator(char, open_brackets)
            place += 1
        elif expected in (_KEY, _KEY_OR_END):
            place = _skip_space(text, _string_end(text, place))
            if text[place : place + 1] != b":":
                raise Malformed("a colon is missing")
            expected = _VALUE
            place += 1
        elif char in (b"{", b"["):
            open_brackets.append(char[0])
            expected = _KEY_OR_END if char == b"{" else _VALUE_OR_END
            place += 1
        else:
            place = _string_end(text, place) if char == b'"' else _word_end(text, place)
            expected = _AFTER
        place = _skip_space(text, place)
    if open_brackets or expected != _AFTER:
        raise Malformed("the JSON is cut short")


def _separator(char: bytes, open_brackets: bytearray) -> int:
    """What may follow a comma or a closing bracket; the bracket must be the one that was opened last."""
    opened = bytes(open_brackets[-1:])
    if char == b"," and opened:
        return _KEY if opened == b"{" else _VALUE
    if (opened, char) not in ((b"{", b"}"), (b"[", b"]")):
        raise Malformed("a bracket or comma where none belongs")
    open_brackets[-1:] = b""
    return _AFTER


def _string_end(text: bytes, start: int) -> int:
    if text[start : start + 1] != b'"':
        raise Malformed("a name in quotes is missing")
    place = start + 1
    while place < len(text):
        char = text[place]
        if char == 0x22:
            return place + 1
        if char < 0x20:
            raise Malformed("a control character in a text")
        if char == 0x5C:
            place += 1
            escape = text[place : place + 1]
            if not escape or escape not in _ESCAPES:
                raise Malformed("an escape that JSON does not know")
            # Half a surrogate pair is no character, and MicroPython does not join the halves.
            if escape == b"u" and text[place + 1 : place + 3].upper() in _SURROGATES:
                raise Malformed("an escaped surrogate")
        place += 1
    raise Malformed("a text without its end")


def _word_end(text: bytes, start: int) -> int:
    """A number, true, false or null; a number's fraction and exponent are the parser's business."""
    place = start
    while place < len(text) and text[place] not in _ENDS:
        place += 1
    word = text[start:place]
    if word in (b"true", b"false", b"null"):
        return place
    digits = word[1:] if word[:1] == b"-" else word
    if digits[:1] not in _DIGITS or not digits or (digits[:1] == b"0" and digits[1:2] and digits[1:2] in _DIGITS):
        raise Malformed("neither a number nor true, false or null")
    return place


def _skip_space(text: bytes, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place
