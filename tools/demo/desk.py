"""Somebody at the issuing desk: watches what the back office asks for, and moves cards on the reader."""

from collections.abc import Callable
from typing import Any

from emulator.cards.classic import ClassicCard
from tools.demo.bench import Bench, Machine
from tools.demo.errors import DemoFailed
from tools.demo.operator import Operator
from tools.demo.say import Narrator

LOOK_MS = 40
LIFTED_MS = 300
PATIENCE_LOOKS = 3000
OVER = ("done", "paused", "cancelled")


class Desk:
    """One person, one reader, one job at a time."""

    def __init__(self, operator: Operator, bench: Bench, machine: Machine, say: Narrator) -> None:
        self._operator = operator
        self._say = say
        self._bench = bench
        self._machine = machine
        self._lying: ClassicCard | None = None

    def with_card(self, card: ClassicCard, work: Callable[[], Any]) -> Any:
        """Hold the card on the reader while something is done with it."""
        self._lay(card)
        try:
            return work()
        finally:
            self._lay(None)

    def follow(self, job: dict[str, Any], shown: dict[str, ClassicCard]) -> list[ClassicCard]:
        """Serve a job to its end; ``shown`` = step -> the card it asks for. Gives the cards that were written."""
        written: list[ClassicCard] = []
        for _ in range(PATIENCE_LOOKS):
            job = self._operator.get(f"/api/v1/issuing/jobs/{job['id']}")
            if job["state"] in OVER:
                break
            self._serve(job, shown, written)
            self._bench.wait(LOOK_MS)
        self._lay(None)
        if job["state"] != "done":
            raise DemoFailed(f"the {job['kind']} job stopped as {job['state']}: {job['error_message']}")
        return written

    def _serve(self, job: dict[str, Any], shown: dict[str, ClassicCard], written: list[ClassicCard]) -> None:
        step = job["step"]
        if step in shown:
            self._lay(shown[step])
        elif step == "show_blank" and job["written"] == len(written):
            self._say.progress("cards written", len(written), job["total"])
            written.append(self._bench.blank_card())
            self._lay(written[-1])
        elif step in ("show_torn", "tap_again") and written:
            self._lay(None)
            self._bench.wait(LIFTED_MS)
            self._lay(written[-1])

    def _lay(self, card: ClassicCard | None) -> None:
        if card is self._lying:
            return
        if self._lying is not None:
            self._bench.take(self._machine, self._lying)
        if card is not None:
            self._bench.put(self._machine, card)
        self._lying = card
