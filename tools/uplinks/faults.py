"""What may go wrong on the way, how often, and in which order: all from one seed.

Legal faults: a connection may be refused; a message may be lost, its answer may be lost, it may arrive late (after
younger ones, and then twice, because its sender has sent it again), it may never be answered; the back office may die
after it has stored a message and before its answer has left. No byte is altered: the seal's own tests do that.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LOSS: Final = 0.20
REFUSED: Final = 0.05


class Fault(StrEnum):
    """What becomes of one exchange."""

    NONE = "delivered"
    REFUSED = "connection refused"
    LOST = "report lost"
    ANSWER_LOST = "answer lost"
    LATE = "report late and twice"
    HANG = "no answer, no end"
    KILLED = "server killed before its answer"


EXCHANGE_FAULTS: Final = {Fault.LOST: 8, Fault.ANSWER_LOST: 8, Fault.LATE: 8, Fault.HANG: 1}
"""With their weights; a hang costs real seconds of waiting, so it is rare."""


@dataclass
class Faults:
    """The fates of one run, drawn in the order in which things happen. ``kills`` = exchanges, counted from one."""

    random: random.Random
    kills: tuple[int, ...] = ()
    loss: float = LOSS
    refused: float = REFUSED
    seen: Counter[Fault] = field(default_factory=Counter)
    exchanges: int = 0
    _kills_done: int = 0

    def of_connection(self) -> bool:
        """Whether it is refused."""
        if self.random.random() >= self.refused:
            return False
        self.seen[Fault.REFUSED] += 1
        return True

    def of_exchange(self) -> Fault:
        """The next one's fate; `killed` says when a kill took place."""
        self.exchanges += 1
        fault = Fault.NONE
        if self.random.random() < self.loss:
            fault = self.random.choices(list(EXCHANGE_FAULTS), list(EXCHANGE_FAULTS.values()))[0]
        if self._kills_done < len(self.kills) and self.exchanges >= self.kills[self._kills_done]:
            return Fault.KILLED
        self.seen[fault] += 1
        return fault

    def killed(self) -> None:
        """A kill that was due has been done: with the answer in sight and something new stored."""
        self.seen[Fault.KILLED] += 1
        self._kills_done += 1

    @property
    def kills_done(self) -> int:
        return self._kills_done
