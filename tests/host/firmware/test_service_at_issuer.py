"""The issuer's side of a service card: made from a blank one, read and written whole, and nothing else touched."""

from collections.abc import Iterator
from functools import partial

import pytest
from protocol import classic, mailbox

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.faults import TearPoint
from emulator.kit import BatchOrder, TestAuthority, child_issuer, read_store, swipe_machine, tap_service
from emulator.world import World
from tests.host.firmware.post import Desk, put

WRITE_MS = 60_000


@pytest.fixture
def issuer(world: World, authority: TestAuthority) -> Iterator[Board]:
    board = child_issuer(world, authority)
    yield board
    board.power_off()


def refused(board: Board, method: str, **params: object) -> str:
    with pytest.raises(HostError) as caught:
        board.host.call(method, **params)
    return caught.value.reason


def test_made_read_and_written(issuer: Board, authority: TestAuthority) -> None:
    card = authority.blank_card()
    uid = card.uid.hex()
    issuer.field.enter(card)
    assert issuer.host.call("card.wait", timeout_ms=2000)["kind"] == "blank"
    assert issuer.host.call("service.format", uid=uid) == {"bytes": classic.STORE_BYTES}
    assert issuer.host.take_notifications("progress")
    assert issuer.host.call("card.wait", timeout_ms=2000)["kind"] == "service"
    assert issuer.host.call("service.read", uid=uid) == {"content": bytes(classic.STORE_BYTES).hex()}
    content = mailbox.encode(mailbox.PUSH, 7, b"a push").ljust(classic.STORE_BYTES, b"\0")
    assert issuer.host.call("service.write", uid=uid, content=content.hex()) == {"bytes": classic.STORE_BYTES}
    assert read_store(card) == content
    assert bytes.fromhex(issuer.host.call("service.read", uid=uid)["content"]) == content
    assert issuer.host.call("service.format", uid=uid) == {"bytes": classic.STORE_BYTES}
    assert read_store(card) == bytes(classic.STORE_BYTES)


def test_the_longest_line(issuer: Board, authority: TestAuthority) -> None:
    """A whole store goes over the host link at once, in either direction."""
    card = authority.service_card()
    issuer.field.enter(card)
    content = bytes(range(256)) * 2 + bytes(range(160))
    issuer.host.call("service.write", uid=card.uid.hex(), content=content.hex())
    assert bytes.fromhex(issuer.host.call("service.read", uid=card.uid.hex())["content"]) == content


def test_other_cards_are_left_alone(issuer: Board, authority: TestAuthority, order: BatchOrder) -> None:
    for card in (authority.one_time_card(order, 1000), authority.batch_card(order), authority.white_card()):
        before = card.image()
        issuer.field.enter(card)
        uid = card.uid.hex()
        content = bytes(classic.STORE_BYTES).hex()
        assert refused(issuer, "service.read", uid=uid) == "wrong_card"
        assert refused(issuer, "service.write", uid=uid, content=content) == "wrong_card"
        assert refused(issuer, "service.format", uid=uid) == "wrong_card"
        assert card.image() == before
        issuer.field.leave(card)
        issuer.world.run_for(500)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({}, "malformed"),
        ({"content": ""}, "malformed"),
        ({"content": "zz" * 672}, "malformed"),
        ({"content": "00" * 671}, "malformed"),
        ({"content": "00" * 16}, "malformed"),
        ({"content": 7}, "malformed"),
    ],
)
def test_content_that_is_none(issuer: Board, authority: TestAuthority, params: dict[str, object], reason: str) -> None:
    card = authority.service_card()
    issuer.field.enter(card)
    assert refused(issuer, "service.write", uid=card.uid.hex(), **params) == reason
    assert refused(issuer, "service.read", uid="04040404") == "removed_early"
    assert refused(issuer, "service.read") == "malformed"


def test_no_service_desk_at_a_swipe_machine(blank_swipe: Board, authority: TestAuthority) -> None:
    for method in ("service.read", "service.write", "service.format"):
        assert refused(blank_swipe, method, uid="04040404") == "wrong_role"


def test_torn_while_the_answers_are_written(issuer: Board, authority: TestAuthority, world: World) -> None:
    """At every eighth frame: what stays on the card is some of the old and some of the new, each whole."""
    old = mailbox.encode(mailbox.UP, 1, bytes(range(90))) + mailbox.encode(mailbox.UP, 2, b"stays" * 9)
    new = mailbox.encode(mailbox.PUSH, 1, b"an answer").ljust(7 * 16, b"\0") + old[7 * 16 :]
    params = {"content": new.ljust(classic.STORE_BYTES, b"\0").hex()}
    for frame in range(2, 90, 8):
        card = authority.service_card(old)
        issuer.field.tear(TearPoint(issuer.field.frame_count + frame, "after"))
        issuer.field.enter(card)
        number = issuer.host.start("service.write", uid=card.uid.hex(), **params)
        world.run_until(partial(issuer.host.answered, number), 5000)
        issuer.field.tears.clear()
        if card in issuer.field.cards:
            issuer.field.leave(card)
        found = {(f.kind, f.machine_id) for f in mailbox.frames(read_store(card))}
        assert (mailbox.UP, 2) in found
        assert found <= {(mailbox.UP, 1), (mailbox.UP, 2), (mailbox.PUSH, 1)}
        world.run_for(300)
        issuer.field.enter(card)
        issuer.host.call("service.write", uid=card.uid.hex(), **params)
        assert read_store(card) == bytes.fromhex(params["content"])
        issuer.field.leave(card)
        world.run_for(300)


def test_from_machine_to_issuer_and_back(
    world: World, authority: TestAuthority, issuer: Board, order: BatchOrder
) -> None:
    machine = swipe_machine(world, authority)
    card: ClassicCard = authority.blank_card()
    issuer.field.enter(card)
    issuer.host.call("service.format", uid=card.uid.hex())
    issuer.field.leave(card)
    assert tap_service(machine, card)["reports"] == 1
    desk = Desk(authority.machine_key())
    assert desk.collect(card) == 1
    put(card, mailbox.PUSH, 1, desk.push(), [mailbox.UP])
    assert tap_service(machine, card)["pushes"] == 1
    assert machine.host.call("status")["journal"]["pending"] == 0
