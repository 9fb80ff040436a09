"""What the authority has to say to whoever stands before a locked machine: the text of its order, for screen and PC.

It lies in a file beside the journal and not in memory, as it is read when the screen changes only. The file says
nothing about whether the machine is locked: that is the journal's. So it is written before the entry, and a cut in
between leaves words that nobody sees. Borrowed code.
"""

from display.text import COLUMNS, LINES, width
from micropython import const
from protocol import reasons

_NAME = "/lock"
_MAX_BYTES = const(64)
_NARROW = const(8)
_PLACES = ("first", "second", "third", "fourth")


def keep(directory: str, text: str) -> None:
    """For the lock that is about to be journalled. A flash that ails costs the words, not the lock."""
    try:
        with open(directory + _NAME, "wb") as file:
            file.write(text.encode()[:_MAX_BYTES])
    except OSError:
        pass


def show(ui: "Ui", directory: str) -> None:
    """The authority's words below a title, or alone where they need all lines; words of ours where it said nothing."""
    lines = broken(kept(directory))
    if not lines or not all(ui.draws(line) for line in lines):
        ui.show(reasons.LOCKED)
        return
    values = {place: lines[number] if number < len(lines) else "" for number, place in enumerate(_PLACES)}
    ui.show("locked_note" if len(lines) < LINES else "locked_letter", **values)


def kept(directory: str) -> str:
    """The words of the last lock; empty where it said nothing, or the flash has lost them."""
    try:
        with open(directory + _NAME, "rb") as file:
            text: str = file.read(_MAX_BYTES).decode()
            return text
    except (OSError, UnicodeError):
        return ""


def broken(text: str) -> "list[str]":
    """Into lines between words; in the middle of words where that would be too many lines."""
    lines = _filled(text.split(), " ")
    return lines if len(lines) <= LINES else _filled(list(text), "")


def _filled(parts: "list[str]", between: str) -> "list[str]":
    lines: list[str] = []
    for part in parts:
        longer = lines[-1] + between + part if lines else part
        if lines and width(longer) <= COLUMNS * _NARROW:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines if all(width(line) <= COLUMNS * _NARROW for line in lines) else _filled(list(between.join(parts)), "")


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ui import Ui
