"""One report, sealed. Borrowed code, that borrows in turn what each step needs: the health, the entries, the envelope.
No two of these are in memory at the same time.
"""

from borrowed import in_turns
from slices import in_slices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device
    from protocol.grouping import Groups

    Stream = tuple[bytes, int, bytes]


async def seal(device: "Device", max_bytes: int, link: str, entries_max: int) -> bytes:
    """The oldest entries that the back office does not have, as many as fit, and the machine's health if there is room:
    where each byte has its price it never costs a debit.

    In slices: a card that is tapped meanwhile is served in between."""
    journal, config = device.journal, device.config
    assert journal is not None
    assert config is not None
    health = await _health(device, link)
    seq, before = journal.acked_seq, journal.acked_mac
    stream, count, after = await _encoded(device, seq, before, (max_bytes, entries_max))
    if not after:
        after = await _mac_at(device, seq, before, seq + count)
    with await in_turns("protocol.report_seal") as code:
        sealed: bytes = b""
        for facts in (health, b""):
            sealed = code.sealed_report(config.machine_key, config.machine_id, seq + 1, before + after, stream, facts)
            if len(sealed) <= max_bytes:
                break
        return sealed


# Functions of their own, so that no variable keeps the code that was given back.


async def _health(device: "Device", link: str) -> bytes:
    with await in_turns("report_health") as code:
        health: bytes = code.encoded(device, link)
        return health


async def _encoded(device: "Device", seq: int, mac: bytes, limits: tuple[int, int]) -> "Stream":
    """(stream of bits, how many entries it holds, MAC of the last unless some did not fit)."""
    max_bytes, entries_max = limits
    with await in_turns("protocol.grouping"):  # what both steps have in common
        groups, after = await _gathered(device, seq, mac, entries_max)
        with await in_turns("protocol.report_entries") as code:
            fits = await in_slices(code.fitting(groups, max_bytes, 0, seq + 1))
            if fits < len(groups):
                groups, after = groups.first(fits), b""
            stream: bytes = await in_slices(code.encoding(groups))
            return stream, fits, after


async def _gathered(device: "Device", seq: int, mac: bytes, limit: int) -> "tuple[Groups, bytes]":
    assert device.journal is not None
    from protocol.grouping import Groups

    with await in_turns("journal_report") as code:
        groups = Groups()
        after: bytes = await in_slices(code.gathering(device.journal, groups, (seq, mac), limit))
        return groups, after


async def _mac_at(device: "Device", seq: int, mac: bytes, last: int) -> bytes:
    assert device.journal is not None
    with await in_turns("journal_report") as code:
        found: bytes = await in_slices(code.chaining(device.journal, seq, mac, last))
        return found
