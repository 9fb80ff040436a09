"""Emulated boards with the real firmware at the issuing desk, in real time, and the hands that move cards on them."""

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

from emulator.air import FrameLog
from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.kit.machines import await_service
from emulator.world import World

LOOK_MS = 40
LOOKS_MAX = 2_000
STEPS_OF_BLANK = ("show_blank",)
STEPS_OF_SAME = ("show_torn", "tap_again")


class Reader:
    """One device: its board, its number in the back office, the card that lies on it."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.board: Board = world.board(name)
        self.board.power_on()
        await_service(self.board)
        self.url = self.board.expose_host()
        self.device_id = self.machine_id = 0
        self._lying: ClassicCard | None = None

    def lay(self, card: ClassicCard | None) -> None:
        if card is self._lying:
            return
        with self.world.lock:
            if self._lying is not None and self._lying in self.board.field.cards:
                self.board.field.leave(self._lying)
            if card is not None:
                self.board.field.enter(card)
        self._lying = card

    def lay_again(self) -> None:
        """Back on the reader, when it was torn away. A card that lies there already is left alone: whoever lifts it
        each time he looks at the screen tears the write that is under way.
        """
        with self.world.lock:
            if self._lying is not None and self._lying not in self.board.field.cards:
                self.board.field.enter(self._lying)

    def tear_at_write(self, card: ClassicCard, number: int) -> None:
        """The card is gone from the field at the frame after so many EEPROM writes; once."""
        field = self.board.field

        def gone(_frame: FrameLog) -> None:
            if card in field.cards and card.writes >= number:
                field.on_frame.remove(gone)
                field.leave(card)

        field.on_frame.append(gone)

    def restart_while_it_waits(self) -> None:
        """The device restarts while it looks for a card: its frames in an empty field say that it was asked to."""
        self.lay(None)
        starts = self.board.starts
        field = self.board.field

        def looks(_frame: FrameLog) -> None:
            field.on_frame.remove(looks)
            self.world.at(0, self.board.reset)

        with self.world.lock:
            field.on_frame.append(looks)
        assert self.world.run_until(lambda: self.board.starts > starts)


class Desk:
    """The person at the desk: follows a job on the screen and moves cards."""

    def __init__(self, client: TestClient, world: World) -> None:
        self._client = client
        self._world = world
        self._random = world.random("desk")

    def blank(self) -> ClassicCard:
        return ClassicCard(self._random.randbytes(4), seed=self._random.getrandbits(32))

    def get(self, path: str) -> Any:
        answer = self._client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self._client.post(f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def follow(
        self,
        job_id: int,
        reader: Reader,
        shown: dict[str, ClassicCard],
        cards: list[ClassicCard],
        before_lay: Callable[[ClassicCard], None] = lambda _card: None,
    ) -> dict[str, Any]:
        """Until the job stops. New blank cards are appended to `cards`."""
        for _ in range(LOOKS_MAX):
            job: dict[str, Any] = self.get(f"/issuing/jobs/{job_id}")
            if job["state"] != "running":
                break
            if job["step"] in shown:
                reader.lay(shown[job["step"]])
            elif job["step"] in STEPS_OF_BLANK and job["planned"] == job["total"] - len(cards):
                cards.append(self.blank())
                before_lay(cards[-1])
                reader.lay(cards[-1])
            elif job["step"] in STEPS_OF_SAME and cards:
                reader.lay_again()
            self._world.run_for(LOOK_MS)
        reader.lay(None)
        return job
