"""Writers stand in line: the first goes first, the others in order, one of them between two turns of the first."""

import threading

import pytest

from backoffice import write_line
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.errors import Unavailable
from backoffice.institutions import repository
from backoffice.models import Institution
from backoffice.write_line import Turn, WriteLine


def test_the_first_goes_first_and_starves_nobody() -> None:
    line = WriteLine()
    holder = Turn()
    holder.take(line)
    others, firsts = [Turn(), Turn()], [Turn(first=True), Turn(first=True)]
    for turn in (others[0], firsts[0], others[1]):
        line.join(turn)
    names = {id(others[0]): "other 0", id(others[1]): "other 1", id(firsts[0]): "first 0", id(firsts[1]): "first 1"}
    order = []

    def ends(turn: Turn) -> Turn:
        line.leave(turn)
        called = line._writing
        assert called is not None
        order.append(names[id(called)])
        return called

    now = ends(holder)
    now = ends(now)  # the first comes again only when its turn is over
    line.join(firsts[1])
    now = ends(now)
    ends(now)
    assert order == ["first 0", "other 0", "first 1", "other 1"]


def test_however_many_are_first_one_of_the_others_goes_between_two_of_them() -> None:
    line, order = WriteLine(), []
    turns = {Turn(first=True): f"first {number}" for number in range(3)} | {Turn(): f"other {n}" for n in range(2)}
    for turn in turns:
        line.join(turn)
    while (writing := line._writing) is not None:
        order.append(turns[writing])
        line.leave(writing)
    assert order == ["first 0", "other 0", "first 1", "other 1", "first 2"]


def test_who_waits_too_long_is_told_and_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_line, "OTHERS_WAIT_S", 0)
    line = WriteLine()
    holder, late = Turn(), Turn()
    holder.take(line)
    with pytest.raises(Unavailable):
        late.take(line)
    assert line.waiting == 0
    holder.give_back()
    after = Turn()
    after.take(line)
    after.give_back()


def test_a_transaction_takes_its_turn_at_its_first_query_and_gives_it_back(context: Context) -> None:
    """Opened and not used, it holds up nobody: not even another one of the same thread."""
    with transaction(context.engine), transaction(context.engine) as session:
        session.add(Institution(code=1, name="A", created_at=1))
        session.flush()
    with transaction(context.engine) as session:
        assert repository.get(session, 1) is not None


def test_writers_of_all_pools_stand_in_one_line(context: Context) -> None:
    came: list[str] = []
    with transaction(context.database.writer, first=True) as session:
        repository.get(session, 1)

        def write(name: str) -> None:
            with transaction(context.database.background) as other:
                repository.get(other, 1)
                came.append(name)

        thread = threading.Thread(target=write, args=("other",))
        thread.start()
        with transaction(context.engine, READ) as reading:
            repository.get(reading, 1)
            came.append("reader")
        came.append("writer")
    thread.join(30)
    assert came == ["reader", "writer", "other"]
