"""A client's wait for a card, and a card that comes in its last moment. Here, because time is the board's own: the
wait's end comes due while the machine is busy with the card.
"""

import asyncio
import time

from errors import Refused
from protocol import reasons
from swipe import DEBIT, Swipe

WAIT_MS = 30
BUSY_MS = 60


class Quiet:
    """Field and screen, as far as a wait knows them."""

    def forget(self):
        pass

    def refuse(self, reason):
        self.reason = reason


class Waiting:
    """The part of the swipe machine that a wait needs."""

    def __init__(self):
        self._field = self._ui = Quiet()
        self._wait = None

    def _show_for_a_while(self):
        pass


async def _busy_with_a_card(machine):
    """As `Swipe._answer` ends a tap."""
    await asyncio.sleep_ms(WAIT_MS // 2)
    time.sleep_ms(BUSY_MS)
    wait, machine._wait = machine._wait, None
    wait.value = {"credit": 1000}
    wait.done.set()


async def _debit(machine):
    return await Swipe._wait_for(machine, DEBIT, WAIT_MS)


def test_card_in_the_last_moment():
    async def play():
        machine = Waiting()
        _, answer = await asyncio.gather(_busy_with_a_card(machine), _debit(machine))
        return answer

    assert asyncio.run(play()) == {"credit": 1000}


def test_nobody_comes():
    async def play():
        try:
            return await _debit(machine)
        except Refused as refused:
            return refused.reason

    machine = Waiting()
    assert asyncio.run(play()) == reasons.TIMEOUT
    assert machine._wait is None
