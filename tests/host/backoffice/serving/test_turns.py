"""Clients take turns in the event loop; one from whom nothing came lately goes first."""

import asyncio
from collections.abc import Callable

from backoffice.serving.turns import Turns


def played(scenario: Callable[[Turns, list[str]], None]) -> list[str]:
    """What was done, in order, until nothing waited."""
    done: list[str] = []

    async def play() -> None:
        turns = Turns(asyncio.get_running_loop())
        scenario(turns, done)
        while turns.waiting:
            await asyncio.sleep(0)

    asyncio.run(play())
    return done


def test_clients_take_turns_and_each_client_keeps_its_order() -> None:
    def scenario(turns: Turns, done: list[str]) -> None:
        for name in ("crowd 1", "crowd 2", "crowd 3", "one 1", "two 1", "two 2"):
            turns.wait(name.split()[0], lambda name=name: done.append(name))  # type: ignore[misc]

    assert played(scenario) == ["crowd 1", "one 1", "two 1", "crowd 2", "two 2", "crowd 3"]


def test_who_comes_seldom_goes_before_those_who_always_wait() -> None:
    def scenario(turns: Turns, done: list[str]) -> None:
        def crowd(name: str, left: int) -> None:
            done.append(name)
            if left:
                turns.wait(name, lambda: crowd(name, left - 1))
            if left == 2 and name == "c":
                turns.wait("seldom", lambda: done.append("seldom"))

        for name in "abc":
            turns.wait(name, lambda name=name: crowd(name, 3))  # type: ignore[misc]

    assert "".join(name[0] for name in played(scenario)) == "abcabcsabcabc"


def test_who_comes_back_at_once_is_not_seldom() -> None:
    """Otherwise a crowd with one request each would always go first."""

    def scenario(turns: Turns, done: list[str]) -> None:
        def back(left: int) -> None:
            done.append("back")
            if left:
                turns.wait("back", lambda: back(left - 1))

        for number in range(3):
            turns.wait("waits", lambda number=number: done.append(f"waits {number}"))  # type: ignore[misc]
        turns.wait("back", lambda: back(2))

    assert played(scenario) == ["waits 0", "back", "waits 1", "back", "waits 2", "back"]
