"""Which parts of short messages belong together: the network brings them late, twice, mixed and without each other."""

import pytest
from gsm import pdu
from gsm.network_pdu import encode_deliver, encode_deliver_parts

from backoffice.sms.parts import PARTS_APART_MAX_S, Piece, assembled
from tests.host.backoffice.sms.support import NUMBER, OTHER_NUMBER
from tests.host.backoffice.support import NOW

FIRST, SECOND = bytes(range(200)), bytes(range(50, 250))
"""Two parts each."""


def parts_of(data: bytes, sender: str = NUMBER, at: int = NOW, reference: int = 7) -> list[bytes]:
    return encode_deliver_parts(sender, data, at, reference)


def found(*shown: bytes) -> list[tuple[bool, str, bytes]]:
    """What lies in a memory in this order, as messages: whether it is whole, whose it is, its content."""
    pieces = [Piece("SM", place, one, pdu.decode_deliver(one)) for place, one in enumerate(shown)]
    messages = list(assembled(pieces))
    assert sum(len(parts.pieces) for _whole, parts in messages) == len(shown), "every place is in one message"
    return [(whole, parts.sender, parts.data) for whole, parts in messages]


def test_the_order_in_the_memory_is_no_matter() -> None:
    one, two = parts_of(FIRST)
    assert found(two, one) == found(one, two) == [(True, NUMBER, FIRST)]


def test_a_message_without_one_of_its_parts_is_not_whole() -> None:
    one, two = parts_of(FIRST)
    assert found(one) == [(False, NUMBER, FIRST[: pdu.PART_BYTES])]
    assert found(two) == [(False, NUMBER, FIRST[pdu.PART_BYTES :])]


def test_second_copies_are_in_their_message() -> None:
    one, two = parts_of(FIRST)
    assert found(one, two, one, two) == [(True, NUMBER, FIRST)]


def test_a_sender_who_counts_round_has_two_messages() -> None:
    """The same number again, an hour later or with another content: no part of one completes the other."""
    late = NOW + PARTS_APART_MAX_S + 1
    assert found(parts_of(FIRST)[0], parts_of(FIRST, at=late)[1]) == [
        (False, NUMBER, FIRST[: pdu.PART_BYTES]),
        (False, NUMBER, FIRST[pdu.PART_BYTES :]),
    ]
    both = parts_of(FIRST) + parts_of(SECOND, at=NOW + 60)
    assert found(*both) == [(True, NUMBER, FIRST), (True, NUMBER, SECOND)]
    assert found(*parts_of(FIRST), *parts_of(FIRST, at=NOW + 60)) == [(True, NUMBER, FIRST)] * 2


def test_a_part_belongs_to_the_message_that_is_nearest_in_time() -> None:
    old, new = parts_of(FIRST), parts_of(SECOND, at=NOW + 600)
    assert found(old[0], new[0], new[1], old[1]) == [(True, NUMBER, FIRST), (True, NUMBER, SECOND)]
    assert found(old[0], new[0], new[1]) == [
        (False, NUMBER, FIRST[: pdu.PART_BYTES]),
        (True, NUMBER, SECOND),
    ]


def test_parts_an_hour_apart_still_belong_together() -> None:
    late = parts_of(FIRST, at=NOW + PARTS_APART_MAX_S)[1]
    assert found(parts_of(FIRST)[0], late) == [(True, NUMBER, FIRST)]


@pytest.mark.parametrize("swapped", [False, True])
def test_two_senders_with_one_number_have_two_messages(swapped: bool) -> None:
    mine, other = parts_of(FIRST), parts_of(SECOND, OTHER_NUMBER)
    shown = (mine[0], other[1], other[0], mine[1]) if swapped else (mine[0], other[0], mine[1], other[1])
    assert sorted(found(*shown)) == sorted([(True, NUMBER, FIRST), (True, OTHER_NUMBER, SECOND)])


def test_another_count_of_parts_is_another_message() -> None:
    three = parts_of(FIRST + SECOND)
    assert sorted(found(parts_of(FIRST)[0], *three[1:])) == [
        (False, NUMBER, FIRST[: pdu.PART_BYTES]),
        (False, NUMBER, (FIRST + SECOND)[pdu.PART_BYTES :]),
    ]


def test_a_short_message_is_whole_and_each_is_one() -> None:
    """Also two of the same content: a machine without an answer asks again."""
    short = encode_deliver(NUMBER, b"a report", NOW)
    assert found(short, short, encode_deliver(NUMBER, b"another", NOW)) == [
        (True, NUMBER, b"a report"),
        (True, NUMBER, b"a report"),
        (True, NUMBER, b"another"),
    ]
