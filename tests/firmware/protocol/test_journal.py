"""Journal entries and their chain."""

from protocol import journal
from protocol.journal import Entry

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import error_code

KEY = b"j" * 32


def test_round_trip() -> None:
    entries = samples.mixed_entries()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1)) != []
    for entry in entries:
        data = entry.encode()
        assert Entry.decode(data) == entry
        assert len(data) == journal.FIXED_BYTES + len(entry.detail) <= journal.MAX_ENTRY_BYTES


def test_size_of_a_debit() -> None:
    assert journal.FIXED_BYTES == 19


def test_cut_and_long() -> None:
    data = Entry(1, journal.FAULT, 2, 1, 3, 4, b"reader").encode()
    for length in range(len(data)):
        assert error_code(Entry.decode, data[:length]) == "malformed"
    assert error_code(Entry.decode, data + b"\0") == "malformed"


def test_bounds() -> None:
    assert error_code(Entry(1, 0, 0).encode) == "malformed"
    assert error_code(Entry(1, 256, 0).encode) == "out_of_range"
    assert error_code(Entry(1 << 32, 1, 0).encode) == "out_of_range"
    assert error_code(Entry(1, 1, -1).encode) == "out_of_range"
    assert error_code(Entry(1, 1, 0, 3).encode) == "out_of_range"
    assert error_code(Entry(1, 1, 0, 0, 0, 0, bytes(17)).encode) == "too_long"
    assert error_code(Entry(1, 1, 0, 0, 0, 0, "text").encode) == "malformed"  # type: ignore[arg-type]
    assert error_code(Entry.decode, bytes(18) + b"\x11" + bytes(17)) == "malformed"
    assert error_code(Entry.decode, b"\0\0\0\1\1" + bytes(13) + b"\x11" + bytes(17)) == "too_long"


def test_unknown_kinds_are_kept() -> None:
    entry = Entry(1, 255, 2, 1, 3, 4, b"new")
    assert Entry.decode(entry.encode()) == entry


def test_chain_depends_on_everything_before() -> None:
    mac = journal.genesis_mac(KEY)
    assert len(mac) == journal.MAC_BYTES
    entry = Entry(1, journal.BOOT, 0).encode()
    after = journal.chain_mac(KEY, mac, entry)
    assert len(after) == journal.MAC_BYTES
    assert after != journal.chain_mac(KEY, bytes(8), entry)
    assert after != journal.chain_mac(b"J" * 32, mac, entry)
    assert after != journal.chain_mac(KEY, mac, Entry(1, journal.BOOT, 1).encode())
