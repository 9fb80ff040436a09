"""The vocabulary between the interpreter of command lines and the features that carry commands out."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The four forms of an extended command (manual 1.4.2)."""

    EXECUTE = ""
    READ = "?"
    TEST = "=?"
    SET = "="


@dataclass(frozen=True)
class Request:
    """One command out of a command line; values are what stands between the commas, without quotes, and `typed` is all
    of it as it came."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    typed: str = ""

    def number(self, position: int, low: int, high: int, default: int | None = None) -> int:
        """The value there as a number in its bounds; CmeError otherwise."""
        text = self.values[position] if position < len(self.values) else ""
        if not text and default is not None:
            return default
        if not text.lstrip("-").isdigit() or not low <= int(text) <= high:
            raise CmeError(NOT_ALLOWED)
        return int(text)

    def text(self, position: int, default: str = "") -> str:
        return self.values[position] if position < len(self.values) else default


@dataclass(frozen=True)
class Reply:
    """Lines of information, then the final result code; "" where the command has no code of its own."""

    lines: tuple[str, ...] = ()
    final: str = "OK"


OK = Reply()
LATER = None  # the feature calls Interpreter.finish when it knows
Handler = Callable[[Request], Reply | None]

FAILURE, NOT_ALLOWED, NOT_SUPPORTED = 0, 3, 4  # +CME ERROR (manual 20.1)
SIM_NOT_INSERTED, SIM_PIN_REQUIRED, SIM_PUK_REQUIRED = 10, 11, 12
SIM_FAILURE, SIM_BUSY, INCORRECT_PASSWORD, MEMORY_FULL, INVALID_INDEX = 13, 14, 16, 20, 21
NO_NETWORK = 30


class AtError(Exception):
    """ERROR, whatever AT+CMEE says."""


class CmeError(AtError):
    """+CME ERROR: code, if AT+CMEE wants numbers."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class CmsError(AtError):
    """+CMS ERROR: code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def says(*lines: str) -> Reply:
    return Reply(lines)


def quoted(text: str) -> str:
    return f'"{text}"'
