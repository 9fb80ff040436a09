"""The days at the clinic: which card is tapped when. The same for every link, because only the seed decides."""

import random
from dataclasses import dataclass
from typing import Final

GAP_MS: Final = (1_000, 9_000)
EXAM_MS: Final = (200, 2_500)
OUT_OF_ORDER: Final = 0.1  # how often the next card is not the next one in the box


@dataclass(frozen=True)
class Visit:
    """A patient: comes so long after the one before, brings the card of that credit, is examined for so long."""

    gap_ms: int
    credit: int
    exam_ms: int


def visits(seed: int, debits: int, first_credit: int) -> list[Visit]:
    """Each credit once, nearly in order, as a box of cards is used up."""
    fate = random.Random(f"{seed}/visits")  # noqa: S311
    box = list(range(first_credit, first_credit + debits))
    for place in range(debits - 1):
        if fate.random() < OUT_OF_ORDER:
            box[place], box[place + 1] = box[place + 1], box[place]
    return [Visit(fate.randint(*GAP_MS), credit, fate.randint(*EXAM_MS)) for credit in box]
