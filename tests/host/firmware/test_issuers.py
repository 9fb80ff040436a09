"""The card issuers write only what the level above signed, whatever the host asks for."""

import pytest
from protocol import classic, keys

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.faults import TearPoint
from emulator.kit import TestAuthority, child_issuer, master_issuer, swipe_machine, tap
from emulator.kit.authority import BatchOrder
from emulator.world import World


@pytest.fixture
def child(world: World, authority: TestAuthority) -> Board:
    return child_issuer(world, authority)


def batch_read_key(authority: TestAuthority, order: BatchOrder, card: ClassicCard) -> bytes:
    return keys.batch_access_key(authority.institution_key(order.record.batch.institution), card.uid)


def write(
    board: Board, card: ClassicCard, kind: str, record: bytes, read_key: bytes, write_key: bytes
) -> dict[str, object]:
    answer: dict[str, object] = board.host.call(
        "card.write",
        uid=card.uid.hex(),
        kind=kind,
        record=record.hex(),
        read_key=read_key.hex(),
        write_key=write_key.hex(),
    )
    return answer


def write_one_time(board: Board, authority: TestAuthority, order: BatchOrder, card: ClassicCard, credit: int) -> object:
    record = authority.one_time(order, card.uid, credit).encode()
    return write(
        board,
        card,
        "one_time",
        record,
        classic.PUBLIC_READ_KEY,
        keys.one_time_access_key(order.key, card.uid),
    )


def read_batch(board: Board, authority: TestAuthority, order: BatchOrder) -> None:
    """Show the batch card and take it away again."""
    card = authority.batch_card(order)
    board.field.enter(card)
    read_key = batch_read_key(authority, order, card)
    try:
        answer = board.host.call("card.read", uid=card.uid.hex(), kind="batch", read_key=read_key.hex())
        assert answer["record"] == order.record.encode().hex()
    finally:
        board.field.leave(card)


def refused(board: Board, call: object, *args: object) -> str:
    with pytest.raises(HostError) as error:
        call(board, *args)  # type: ignore[operator]
    return str(error.value.reason)


class TestMasterIssuer:
    def test_first_master_card(self, world: World, authority: TestAuthority) -> None:
        board = master_issuer(world)
        card = authority.blank_card()
        board.field.enter(card)
        found = board.host.call("card.wait", timeout_ms=1000)
        assert (found["kind"], found["uid"]) == ("blank", card.uid.hex())
        record = authority.master().encode()
        write(board, card, "master", record, authority.read_key(card.uid), authority.write_key(card.uid))
        assert board.host.call("hello")["authority"] == authority.authority_key.hex()
        board.field.leave(card)
        other = TestAuthority(seed=3)
        second = other.blank_card()
        board.field.enter(second)
        record = other.master().encode()
        assert refused(board, write, second, "master", record, b"r" * 6, b"w" * 6) == "second_master"
        assert second.image() == other.blank_card(second.uid).image()

    def test_white_card(self, world: World, authority: TestAuthority) -> None:
        board = master_issuer(world, authority)
        card = authority.blank_card()
        board.field.enter(card)
        read_key, write_key = authority.read_key(card.uid), authority.write_key(card.uid)
        record = authority.white(first_credit=500, quota=50)
        answer = write(board, card, "white", record.encode(), read_key, write_key)
        assert answer["uid"] == card.uid.hex()
        found = board.host.call("card.wait", timeout_ms=1000)
        assert (found["kind"], found["header"]) == ("white", record.encode()[:16].hex())

    def test_white_card_that_nobody_signed(self, world: World, authority: TestAuthority) -> None:
        board = master_issuer(world, authority)
        card = authority.blank_card()
        board.field.enter(card)
        record = authority.white()
        record.certificate.quota += 1
        assert refused(board, write, card, "white", record.encode(), b"r" * 6, b"w" * 6) == "not_in_chain"
        assert card.writes == 0

    def test_no_other_kinds(self, world: World, authority: TestAuthority) -> None:
        board = master_issuer(world, authority)
        card = authority.blank_card()
        board.field.enter(card)
        record = authority.batch().record.encode()
        assert refused(board, write, card, "batch", record, b"r" * 6, b"w" * 6) == "wrong_role"


class TestChildIssuer:
    def test_batch_card_then_used(
        self, child: Board, authority: TestAuthority, order: BatchOrder, world: World
    ) -> None:
        card = authority.blank_card()
        child.field.enter(card)
        read_key = batch_read_key(authority, order, card)
        write(child, card, "batch", order.record.encode(), read_key, authority.write_key(card.uid))
        child.field.leave(card)
        assert tap(swipe_machine(world, authority), card)["reason"] == "granted"

    def test_batch_card_outside_the_chain(self, child: Board, authority: TestAuthority) -> None:
        card = authority.blank_card()
        child.field.enter(card)
        forged = TestAuthority(seed=9).batch().record.encode()
        assert refused(child, write, card, "batch", forged, b"r" * 6, b"w" * 6) == "not_in_chain"
        order = authority.batch(first_credit=10)
        assert refused(child, write, card, "batch", order.record.encode(), b"r" * 6, b"w" * 6) == "out_of_range"
        assert card.writes == 0

    def test_one_time_cards(self, child: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
        read_batch(child, authority, order)
        machine = swipe_machine(world, authority)
        tap(machine, authority.batch_card(order))
        for credit in (1000, 1099):
            card = authority.blank_card()
            child.field.enter(card)
            assert write_one_time(child, authority, order, card, credit)
            child.field.leave(card)
            assert tap(machine, card)["reason"] == "granted"
            machine.host.call("swipe.end")

    def test_one_time_cards_need_the_batch_card(
        self, child: Board, authority: TestAuthority, order: BatchOrder
    ) -> None:
        card = authority.blank_card()
        child.field.enter(card)
        assert refused(child, write_one_time, authority, order, card, 1000) == "not_in_chain"

    def test_credit_outside_the_batch(self, child: Board, authority: TestAuthority, order: BatchOrder) -> None:
        read_batch(child, authority, order)
        card = authority.blank_card()
        child.field.enter(card)
        assert refused(child, write_one_time, authority, order, card, 1100) == "out_of_range"
        assert card.writes == 0

    def test_forged_batch_card_opens_nothing(self, child: Board, authority: TestAuthority) -> None:
        order = authority.batch()
        order.record.batch.count += 1
        assert refused(child, read_batch, authority, order) == "not_in_chain"
        card = authority.blank_card()
        child.field.enter(card)
        assert refused(child, write_one_time, authority, order, card, 1000) == "not_in_chain"

    def test_torn_card_is_finished(
        self, child: Board, authority: TestAuthority, order: BatchOrder, world: World
    ) -> None:
        read_batch(child, authority, order)
        machine = swipe_machine(world, authority)
        tap(machine, authority.batch_card(order))
        card = authority.blank_card()
        child.field.enter(card)
        child.field.tear(TearPoint(child.field.frame_count + 40, "after"))
        assert refused(child, write_one_time, authority, order, card, 1000) == "removed_early"
        child.field.enter(card)
        assert child.host.call("card.wait", timeout_ms=1000)["kind"] in ("torn", "one_time", "blank")
        write_one_time(child, authority, order, card, 1000)
        child.field.leave(card)
        assert tap(machine, card)["reason"] == "granted"

    def test_drawing_from_a_white_card(self, child: Board, authority: TestAuthority) -> None:
        card = authority.white_card(authority.white(first_credit=1000, quota=100))
        child.field.enter(card)
        draw = {
            "uid": card.uid.hex(),
            "read_key": authority.read_key(card.uid).hex(),
            "write_key": authority.write_key(card.uid).hex(),
        }
        assert child.host.call("card.draw", next_credit=1040, **draw) == {"next_credit": 1040}
        with pytest.raises(HostError) as error:
            child.host.call("card.draw", next_credit=1010, **draw)
        assert error.value.reason == "out_of_range"

    def test_erasing_an_unused_card(self, child: Board, authority: TestAuthority, order: BatchOrder) -> None:
        card = authority.one_time_card(order, 1000)
        child.field.enter(card)
        write_key = keys.one_time_access_key(order.key, card.uid).hex()
        child.host.call("card.erase", uid=card.uid.hex(), kind="one_time", write_key=write_key)
        assert child.host.call("card.wait", timeout_ms=1000)["kind"] == "blank"

    def test_waiting(self, child: Board, world: World) -> None:
        with pytest.raises(HostError) as error:
            child.host.call("card.wait", timeout_ms=300)
        assert error.value.reason == "timeout"
        waiting = child.host.start("card.wait", timeout_ms=60_000)
        world.run_for(200)
        child.host.call("card.cancel")
        with pytest.raises(HostError) as error:
            child.host.finish(waiting)
        assert error.value.reason == "cancelled"

    def test_card_that_is_not_there(self, child: Board, authority: TestAuthority, order: BatchOrder) -> None:
        read_batch(child, authority, order)
        assert refused(child, write_one_time, authority, order, authority.blank_card(), 1000) == "removed_early"
