"""What a hand does with a card, and what the machine says to it."""

from typing import Any, Final

from emulator.cards.classic import ClassicCard
from emulator.device import Board

ANSWER_TIMEOUT_MS: Final = 15_000
AWAY_MS: Final = 400  # long enough that the machine has seen the card leave


def tap(board: Board, card: ClassicCard, timeout_ms: int = ANSWER_TIMEOUT_MS) -> dict[str, Any]:
    """Hold the card to the reader until the machine says something about it; the card is taken away then.

    The machine's `tap` notification; AssertionError when it says nothing."""
    board.host.take_notifications("tap")
    board.field.enter(card)
    heard = board.world.run_until(lambda: bool(_taps(board)), timeout_ms)
    take_away(board, card)
    if not heard:
        raise AssertionError(f"no answer to the card\n{board.crash_log}")
    params: dict[str, Any] = board.host.take_notifications("tap")[0]["params"]
    return params


def tap_service(board: Board, card: ClassicCard, timeout_ms: int = ANSWER_TIMEOUT_MS) -> dict[str, Any]:
    """The same with a service card: the machine's `service` notification, or its `tap` when it refuses the card."""
    board.host.take_notifications("tap")
    board.host.take_notifications("service")
    board.field.enter(card)
    heard = board.world.run_until(
        lambda: any(message["method"] in ("tap", "service") for message in board.host.notifications), timeout_ms
    )
    take_away(board, card)
    if not heard:
        raise AssertionError(f"no answer to the card\n{board.crash_log}")
    found = board.host.take_notifications("service") or board.host.take_notifications("tap")
    params: dict[str, Any] = found[0]["params"]
    return params


def take_away(board: Board, card: ClassicCard) -> None:
    """Out of the field, long enough to be noticed."""
    if card in board.field.cards:
        board.field.leave(card)
    board.world.run_for(AWAY_MS)


def _taps(board: Board) -> list[dict[str, Any]]:
    return [message for message in board.host.notifications if message["method"] == "tap"]
