"""A command line into its commands (manual 1.4.1, ITU-T V.250 5.2)."""

import re
from typing import Final

from emulator.sim800.at import AtError, Kind, Request

BASIC: Final = re.compile(r"(&?[A-Z]|S\d+)(=?)(\d*|\?)")
EXTENDED: Final = re.compile(r"[+*][A-Z]+")


def parse(line: str) -> list[Request]:
    """Everything after AT. Raises AtError for what is no command."""
    requests = []
    rest = line.strip()
    while rest:
        if rest[0] in "+*":
            text, rest = _up_to_semicolon(rest)
            requests.append(_extended(text))
        elif rest[0] == ";":
            rest = rest[1:]
        else:
            match = BASIC.match(rest.upper())
            if not match:
                raise AtError
            requests.append(_basic(match.group(1), match.group(2), match.group(3)))
            rest = rest[match.end() :].lstrip()
    return requests


def _basic(name: str, equals: str, value: str) -> Request:
    if value == "?":
        return Request(name, Kind.READ)
    if value or equals:
        return Request(name, Kind.SET, (value,))
    return Request(name, Kind.EXECUTE)


def _extended(text: str) -> Request:
    match = EXTENDED.match(text.upper())
    if not match:
        raise AtError
    name, rest = match.group(0), text[match.end() :].strip()
    if not rest:
        return Request(name, Kind.EXECUTE)
    if rest in ("?", "=?"):
        return Request(name, Kind(rest))
    if rest[0] != "=":
        raise AtError
    return Request(name, Kind.SET, tuple(_values(rest[1:])), rest[1:].strip())


def _up_to_semicolon(text: str) -> tuple[str, str]:
    quoted = False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            return text[:position], text[position + 1 :]
    return text, ""


def _values(text: str) -> list[str]:
    values, value, quoted = [], "", False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            values.append(value.strip())
            value = ""
        else:
            value += letter
    if quoted:
        raise AtError
    return [*values, value.strip()]
