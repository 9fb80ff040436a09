"""One user's streams take no place from anybody else."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from backoffice.accounts.roles import Role
from backoffice.errors import Crowded, Unavailable
from backoffice.events.seats import STREAMS_MAX, STREAMS_OF_A_USER, who_gives_way
from tests.host.backoffice.serving.conftest import Office
from tests.host.backoffice.serving.wire import Wire
from tests.host.backoffice.support import make_user


@dataclass
class Seat:
    user_id: int


def test_one_user_has_so_many_streams_and_everybody_else_still_gets_theirs(office: Office) -> None:
    make_user(office.context, "many", Role.INVESTOR)
    many, boss = office.log_in("many"), office.log_in("boss")
    statuses: list[int] = []
    with ExitStack() as ends:
        for _ in range(STREAMS_OF_A_USER + 3):
            wire = ends.enter_context(office.wire())
            wire.ask("/events", cookie=many)
            statuses.append(first_status(wire))
            if statuses[-1] == 200:
                wire.until(b"event: hello")
        assert statuses == [200] * STREAMS_OF_A_USER + [429] * 3
        with office.wire() as wire:
            wire.ask("/events", cookie=boss)
            wire.until(b"event: hello")
        office.context.broker.close()


def test_many_that_ask_at_once_get_no_more(office: Office) -> None:
    boss = office.log_in("boss")
    with ExitStack() as ends:
        wires = [ends.enter_context(office.wire()) for _ in range(4 * STREAMS_OF_A_USER)]
        for wire in wires:
            wire.ask("/events", cookie=boss)
        for wire in wires:
            first_status(wire)
        assert len(office.context.broker._subscriptions) <= STREAMS_OF_A_USER
        office.context.broker.close()


def first_status(wire: Wire) -> int:
    wire.until(b"\r\n")
    return int(wire._read.split()[1])


def test_whoever_has_most_gives_up_the_oldest_when_no_place_is_left() -> None:
    seats = [Seat(number // STREAMS_OF_A_USER) for number in range(STREAMS_MAX)]
    assert who_gives_way(seats, 1000) is seats[0]
    assert who_gives_way(seats[1:], 1000) is None
    with pytest.raises(Crowded):
        who_gives_way(seats, 0)


def test_where_everybody_has_one_the_newcomer_waits() -> None:
    with pytest.raises(Unavailable):
        who_gives_way([Seat(number) for number in range(STREAMS_MAX)], 1000)
