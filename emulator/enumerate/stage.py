"""One board on which one action is played, disturbed or not, and the hands that put things right afterwards."""

from collections.abc import Callable
from typing import Any

from emulator.cards.classic import ClassicCard
from emulator.checkers.evidence import Witness
from emulator.device import Board
from emulator.enumerate.disturbance import Disturbance, Extent, FlashCut, FrameCut, Tear
from emulator.errors import HostError, HostGone
from emulator.flash import Flash
from emulator.kit.machines import HEAP_WORDS_K, await_service
from emulator.rf import FrameLog
from emulator.world import World

TRIES = 6  # a person's patience
AWAY_MS = 400
ANSWER_MS = 15_000
QUIET_MS = 6_000  # housekeeping happens while nobody is there


class Stage:
    """A board that wakes up from a flash image, in a world of its own."""

    def __init__(self, seed: int, image: bytes, journal_key: bytes = b"") -> None:
        self.world = World(seed=seed)
        self.board: Board = self.world.board("board", flash=Flash(image, seed), heap_words_k=HEAP_WORDS_K)
        self.witness = Witness(self.board, journal_key) if journal_key else None
        self._first_frame = 0
        self._last_frame = 0
        self._first_operation = 0
        self._writes: list[int] = []
        self.dead = False  # power came back and the board did not
        self.board.power_on()
        await_service(self.board)

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()

    def arm(self, disturbance: Disturbance | None, card: ClassicCard) -> None:
        """From here on frames and flash operations count."""
        field = self.board.field
        self._first_frame = field.frame_count
        self._first_operation = self.board.flash.operations
        match disturbance:
            case Tear():
                field.tear(disturbance.point(self._first_frame))
            case FlashCut():
                self.board.flash.cut_at(disturbance.operation, disturbance.half)
            case FrameCut():
                self._cut_at_frame(self._first_frame + disturbance.frame)
            case None:
                self._count_writes(card)

    def extent(self) -> Extent:
        """What an undisturbed run offered: frames from `arm` until the card left, flash operations until now."""
        return Extent(
            self._last_frame - self._first_frame,
            tuple(self._writes),
            self.board.flash.operations - self._first_operation,
        )

    def disarm(self) -> None:
        """What has not struck by now will not."""
        self.board.field.tears.clear()
        self.board.flash.cut_at(None)

    def hold(self, card: ClassicCard) -> dict[str, Any] | None:
        """Hold the card to the reader until the machine speaks about it or the power goes; then take it away."""
        board = self.board
        board.host.take_notifications("tap")
        board.field.enter(card)
        self.world.run_until(lambda: self._heard() is not None or not board.powered, ANSWER_MS)
        heard = self._heard()
        self.take_away(card)
        board.host.take_notifications("tap")
        return heard

    def take_away(self, card: ClassicCard) -> None:
        """Out of the field, long enough to be noticed."""
        self._last_frame = self.board.field.frame_count
        self.board.field.leave(card)
        self.world.run_for(AWAY_MS)

    def tap_until(self, card: ClassicCard, final: Callable[[str], bool]) -> str:
        """What people do: tap again while the machine asks for it. Gives its last word."""
        reason = ""
        for _ in range(TRIES):
            self.restore_power()
            heard = None if self.dead else self.hold(card)
            reason = str(heard["reason"]) if heard else "silence"
            if final(reason):
                break
        return reason

    def call(self, method: str, **params: Any) -> dict[str, Any] | str:
        """The result, or the reason why there is none."""
        try:
            answer: dict[str, Any] = self.board.host.call(method, ANSWER_MS, **params)
        except HostGone:
            return "gone"
        except HostError as error:
            return error.reason
        return answer

    def restore_power(self) -> None:
        """Somebody puts the plug back. Whether a board that stays silent is bricked is the checkers' to say."""
        if not self.board.powered:
            self.world.run_for(AWAY_MS)
            self.board.power_on()
            try:
                await_service(self.board)
            except AssertionError:
                self.dead = True

    def rest(self) -> None:
        self.world.run_for(QUIET_MS)

    def _heard(self) -> dict[str, Any] | None:
        taps = [message["params"] for message in self.board.host.notifications if message["method"] == "tap"]
        return taps[-1] if taps else None

    def _cut_at_frame(self, number: int) -> None:
        def hook(frame: FrameLog) -> None:
            if frame.number == number:
                self.world.at(0, self.board.power_off)

        self.board.field.on_frame.append(hook)

    def _count_writes(self, card: ClassicCard) -> None:
        """A frame started a write when the card's count has gone up by the frame after it."""
        seen = card.writes

        def hook(frame: FrameLog) -> None:
            nonlocal seen
            if card.writes != seen:
                seen = card.writes
                self._writes.append(frame.number - 1 - self._first_frame)

        self.board.field.on_frame.append(hook)
