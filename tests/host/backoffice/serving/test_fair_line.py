"""The line before the slots: fair by client, bounded, and no slot is ever lost."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.admission.clients import client_of
from backoffice.admission.fair_line import Bounds, FairLine
from backoffice.errors import Crowded, Unavailable

Scenario = Callable[[], Coroutine[Any, Any, None]]


def in_loop(scenario: Scenario) -> None:
    asyncio.run(scenario())


def line(slots: int = 4, waiting: int = 100) -> FairLine:
    return FairLine(Bounds(slots, waiting, 10))


def test_clients_take_turns() -> None:
    async def scenario() -> None:
        found = line(slots=1)
        assert found.join("crowd") is None
        places = {
            name: found.join(name.rstrip("0123456789")) for name in ("crowd1", "crowd2", "crowd3", "one1", "two1")
        }
        order = []
        inside = "crowd"
        while inside:
            found.leave(inside)
            came = [name for name, place in places.items() if place is not None and place.done() and name not in order]
            order += came
            inside = came[0].rstrip("0123456789") if came else ""
        assert order == ["crowd1", "one1", "two1", "crowd2", "crowd3"]
        assert (found.inside, found.waiting) == (0, 0)

    in_loop(scenario)


def test_one_client_never_gets_the_last_slot() -> None:
    async def scenario() -> None:
        found = line(slots=4)
        taken = [found.join("crowd") for _ in range(6)]
        assert [place is None for place in taken] == [True] * 3 + [False] * 3
        assert found.join("one") is None
        found.leave("one")
        assert not any(place.done() for place in taken if place is not None)

    in_loop(scenario)


def test_a_full_line_makes_room_at_the_cost_of_whoever_fills_it() -> None:
    async def scenario() -> None:
        found = line(slots=1, waiting=3)
        found.join("crowd")
        places = [found.join("crowd") for _ in range(3)]
        with pytest.raises(Crowded):
            found.join("crowd")
        assert found.join("one") is not None
        assert isinstance(places[2].exception() if places[2] else None, Crowded)
        assert not places[0].done() if places[0] else False

    in_loop(scenario)


def test_where_many_wait_for_one_thing_each_nobody_is_to_blame() -> None:
    async def scenario() -> None:
        found = line(slots=1, waiting=2)
        for name in "abc":
            found.join(name)
        with pytest.raises(Unavailable):
            found.join("d")

    in_loop(scenario)


def test_who_gives_up_at_the_very_moment_gives_the_slot_back() -> None:
    async def scenario() -> None:
        found = line(slots=1)
        found.join("a")
        place, other = found.join("b"), found.join("c")
        assert place is not None
        assert other is not None
        found.leave("a")
        assert place.done()
        found.give_up("b", place)
        assert other.done()
        found.leave("c")
        assert (found.inside, found.waiting) == (0, 0)

    in_loop(scenario)


@given(st.lists(st.tuples(st.sampled_from(["join", "leave", "give_up"]), st.sampled_from("abc")), max_size=60))
def test_whatever_happens_no_slot_is_lost_and_no_bound_is_passed(steps: list[tuple[str, str]]) -> None:
    async def scenario() -> None:
        found = line(slots=3, waiting=5)
        inside: dict[str, int] = dict.fromkeys("abc", 0)
        places: dict[str, list[asyncio.Future[None]]] = {name: [] for name in "abc"}
        for step, name in steps:
            if step == "join":
                try:
                    place = found.join(name)
                except (Crowded, Unavailable):
                    place = None
                else:
                    inside[name] += place is None
                if place is not None:
                    places[name].append(place)
            elif step == "leave" and inside[name]:
                inside[name] -= 1
                found.leave(name)
            elif step == "give_up" and places[name]:
                found.give_up(name, places[name].pop())
            for owner, waiting in places.items():
                came = [place for place in waiting if place.done()]
                inside[owner] += sum(place.exception() is None for place in came)
                places[owner] = [place for place in waiting if not place.done()]
            assert found.inside == sum(inside.values()) <= 3
            assert found.waiting == sum(map(len, places.values())) <= 5
            may_enter = [name for name in "abc" if places[name] and inside[name] < found.bounds.slots_of_a_client]
            assert found.inside == 3 or not may_enter

    in_loop(scenario)


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_64_bits(host: str | None, client: str) -> None:
    assert client_of(host) == client
