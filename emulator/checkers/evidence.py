"""What a run left behind: seen from outside, at the pins, on the flash and on the cards."""

from dataclasses import dataclass, field

from protocol.journal import DEBIT, ENDED, Entry

from emulator import wiring
from emulator.checkers.journal_on_flash import JournalOnFlash, read_journal
from emulator.device import Board


@dataclass(frozen=True)
class Grant:
    """The relay went on. ``paid`` = credits that the flash held a DEBIT of at that moment; ``ended`` those over."""

    time_us: int
    paid: frozenset[int]
    ended: frozenset[int]

    @property
    def open_credits(self) -> frozenset[int]:
        return self.paid - self.ended


@dataclass
class Evidence:
    """Of one machine. ``burnt`` = credit -> whether its card carries a burn mark; ``answers`` = (credit, reason) of
    the taps, oldest first; ``tapped`` = credits whose cards people tapped until they got a final answer."""

    grants: list[Grant] = field(default_factory=list)
    journal: JournalOnFlash = field(default_factory=lambda: JournalOnFlash((), 0))
    burnt: dict[int, bool] = field(default_factory=dict)
    answers: list[tuple[int, str]] = field(default_factory=list)
    tapped: set[int] = field(default_factory=set)
    alive: bool = True
    nor_errors: int = 0

    def granted(self, credit: int) -> bool:
        """Whether some grant was given while this credit's exam was the one that was paid and not over."""
        return any(credit in grant.open_credits for grant in self.grants)


class Witness:
    """Stands beside a board from before its first power-on, and writes down every grant."""

    def __init__(self, board: Board, journal_key: bytes) -> None:
        self.evidence = Evidence()
        self._board = board
        self._journal_key = journal_key
        self._moved = board.pins.listeners[wiring.RELAY]
        board.pins.listeners[wiring.RELAY] = self._relay

    def close(self) -> Evidence:
        """The evidence, once the world has come to rest."""
        self.evidence.journal = read_journal(self._board.flash.image(), self._journal_key)
        self.evidence.nor_errors = len(self._board.flash.errors)
        return self.evidence

    def _relay(self, level: bool) -> None:
        self._moved(level)
        if level:
            journal = read_journal(self._board.flash.image())
            self.evidence.grants.append(
                Grant(self._board.world.now_us, _credits(journal.of(DEBIT)), _credits(journal.of(ENDED)))
            )


def _credits(entries: list[Entry]) -> frozenset[int]:
    return frozenset(entry.credit for entry in entries)
