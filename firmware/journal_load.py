"""A journal from its files: a new one, or the one that was there when the power went. Borrowed code, for the boot.

`load` verifies the chain entry by entry and raises Corrupt rather than forget anything. A power cut leaves at most:
entries both in a segment and in the tail (taken once), and segments that the checkpoint has folded already.
"""

import os
from errno import EEXIST

import journal_checkpoint
from errors import Corrupt
from journal import Journal
from journal_reading import chunks, mac_before, read_tail, segments, split_chunk
from protocol import journal as codec
from protocol.errors import ProtocolError


def create(journal: Journal) -> None:
    """Files for an empty journal; whatever an interrupted attempt left in the directory goes."""
    _make_empty(journal.directory)
    marks = (0, journal.head_mac, 0, journal.head_mac)
    journal_checkpoint.write(journal.directory, journal.key, marks, journal.state)


def load(journal: Journal) -> None:
    """Fill the journal from its files."""
    try:
        _load(journal)
    except (ProtocolError, ValueError, OSError) as error:
        raise Corrupt(str(error)) from None


def _load(journal: Journal) -> None:
    marks, journal.state = journal_checkpoint.read(journal.directory, journal.key)
    folded_seq, folded_mac, journal.acked_seq, journal.acked_mac = marks
    journal.head_seq, journal.head_mac = folded_seq, folded_mac
    journal.segments = segments(journal.directory)
    if journal.segments:
        _walk_segments(journal, folded_seq, folded_mac)
    journal.moved_mac = journal.head_mac
    _walk_tail(journal)


def _walk_segments(journal: Journal, folded_seq: int, folded_mac: bytes) -> None:
    journal.head_seq = journal.segments[0].first_seq - 1
    journal.head_mac = mac_before(journal.segments[0])
    if journal.head_seq > folded_seq:
        raise Corrupt("entries missing after the checkpoint")
    for segment in journal.segments:
        if segment.first_seq != journal.head_seq + 1 or mac_before(segment) != journal.head_mac:
            raise Corrupt("segments do not join")
        for entries, mac in chunks(segment):
            for data in entries:
                _replay(journal, data, folded_seq, folded_mac)
            if mac != journal.head_mac:
                raise Corrupt("chain broken")
    if journal.head_seq < folded_seq:
        raise Corrupt("entries missing before the checkpoint")


def _walk_tail(journal: Journal) -> None:
    journal.steps, chunk = read_tail(journal.directory)
    if not chunk:
        return
    entries, mac = split_chunk(chunk)
    if not entries or codec.Entry.decode(entries[-1]).seq <= journal.head_seq:
        return  # moved to a segment already; the power went before the tail was cleared
    for data in entries:
        _replay(journal, data, journal.head_seq, journal.head_mac)
    if mac != journal.head_mac:
        raise Corrupt("chain broken")
    journal.tail_entries = entries
    journal.tail_bytes = sum([1 + len(data) for data in entries])


def _replay(journal: Journal, data: bytes, folded_seq: int, folded_mac: bytes) -> None:
    entry = codec.Entry.decode(data)
    if entry.seq != journal.head_seq + 1:
        raise Corrupt("gap in the journal")
    journal.head_seq = entry.seq
    journal.head_mac = codec.chain_mac(journal.key, journal.head_mac, data)
    if entry.seq > folded_seq:
        journal.state.apply(entry)
    elif entry.seq == folded_seq and journal.head_mac != folded_mac:
        raise Corrupt("journal and checkpoint disagree")


def _make_empty(directory: str) -> None:
    parent = ""
    for name in directory.strip("/").split("/"):
        parent += "/" + name
        try:
            os.mkdir(parent)
        except OSError as error:
            if error.errno != EEXIST:
                raise
    for name in os.listdir(directory):
        os.remove(directory + "/" + name)
