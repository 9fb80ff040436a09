"""Is this LOCK or UNLOCK the authority's, for this machine, and newer than the last? Borrowed code."""

from config import Config
from protocol import orders, p256_portable
from protocol.errors import ProtocolError
from protocol.results import BAD_SIGNATURE, DONE, STALE
from state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from protocol.uplink import Command


def check(config: Config, state: State, command: "Command") -> "Generator[None, None, tuple[int, int]]":
    """(result, the order's number), in slices: the signature takes a second of a board's time."""
    try:
        order = orders.read(config.machine_id, config.epoch, command)
    except ProtocolError:
        return BAD_SIGNATURE, 0  # an order without one, as the first back offices sent it
    if order.number <= state.order_number:
        return STALE, 0
    try:
        yield from p256_portable.steps(config.authority_key or b"", order.body(), order.signature)
    except ProtocolError:
        return BAD_SIGNATURE, 0
    # Another order may have come another way meanwhile.
    return (DONE, order.number) if order.number > state.order_number else (STALE, 0)
