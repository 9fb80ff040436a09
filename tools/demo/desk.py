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
TRIES = 5
PUT_OFF = ("hashing_busy", "unavailable")
OVER = ("done", "paused", "cancelled")


class Desk:
    """One person, one reader, one job at a time."""

    def __init__(self, operator: Operator, bench: Bench, machine: Machine, say: Narrator) -> None:
        self._operator = operator
        self._say = say
        self._bench = bench
        self._machine = machine
        self._lying: ClassicCard | None = None
        self._resting: ClassicCard | None = None
        self.written: list[ClassicCard] = []
        """Every card that was written here, also those of jobs that were stopped."""

    def leave(self, card: ClassicCard) -> None:
        """Let this card lie on the reader whenever no other is asked for."""
        self._resting = card
        self._lay(card)

    def with_card(self, card: ClassicCard, work: Callable[[], Any]) -> Any:
        """Hold the card on the reader while something is done with it."""
        self._lay(card)
        try:
            return work()
        finally:
            self._lay(self._resting)

    def follow(self, job: dict[str, Any], shown: dict[str, ClassicCard], pin: str) -> list[ClassicCard]:
        """Serve a job to its end; ``shown`` = step -> the card it asks for. Gives the cards that were written.

        A job that a busy computer has put off is resumed with ``pin``. Whoever interrupts this lets the card be
        finished that is being written."""
        written: list[ClassicCard] = []
        try:
            job = self._serve_to_its_end(job, shown, written)
            for _ in range(TRIES):
                if job["state"] != "paused" or job["error_code"] not in PUT_OFF:
                    break
                job = self._operator.post(f"/api/v1/issuing/jobs/{job['id']}/resume", {"pin": pin})
                job = self._serve_to_its_end(job, shown, written)
        except KeyboardInterrupt:
            self._operator.post(f"/api/v1/issuing/jobs/{job['id']}/cancel")
            self._serve_to_its_end(job, shown, written)
            raise
        finally:
            self.written += written
            self._lay(self._resting)
        if job["state"] != "done":
            raise DemoFailed(f"the {job['kind']} job is {job['state']}. {job['error_message']}")
        return written

    def _serve_to_its_end(
        self, job: dict[str, Any], shown: dict[str, ClassicCard], written: list[ClassicCard]
    ) -> dict[str, Any]:
        for _ in range(PATIENCE_LOOKS):
            job = self._operator.get(f"/api/v1/issuing/jobs/{job['id']}")
            if job["state"] in OVER:
                break
            self._serve(job, shown, written)
            self._bench.wait(LOOK_MS)
        return job

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
