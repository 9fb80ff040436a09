"""How many entries go into one report, and their stream of bits: the second step of a report (report_payload.py)."""

from protocol import entries
from protocol.entries import encoding as encoding
from protocol.report_payload import report_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from protocol.grouping import Groups


def fitting(found: "Groups", max_bytes: int, health_bytes: int, first_seq: int) -> "Generator[None, None, int]":
    """How many of the entries, from the first on, go into one sealed report of that size; in slices."""
    most = len(found)
    whole_bytes = yield from measuring(found, health_bytes, first_seq)
    if not most or whole_bytes <= max_bytes:
        return most
    fits, too_many = 0, most + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        middle_bytes = yield from measuring(found.first(middle), health_bytes, first_seq)
        if middle_bytes <= max_bytes:
            fits = middle
        else:
            too_many = middle
    # A whole exam is smaller than its first entries: look past the first size that is too large.
    for count in range(min(fits + 3, most), fits, -1):
        size_bytes = yield from measuring(found.first(count), health_bytes, first_seq)
        if size_bytes <= max_bytes:
            return count
    return fits


def measuring(found: "Groups", health_bytes: int, first_seq: int) -> "Generator[None, None, int]":
    """The size of the sealed report."""
    stream = yield from entries.encoding(found)
    return report_bytes(first_seq, len(stream), health_bytes)
