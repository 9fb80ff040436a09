"""A machine's journal, read from its flash image from outside: what is durable, whatever the firmware believes.

Reads the files that `firmware/journal_files.py` describes, with the reference littlefs and with code of its own, so
that a checker never asks the firmware whether the firmware is right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from protocol.journal import Entry, chain_mac, genesis_mac

from emulator.image import read_files

JOURNAL_FILE = re.compile(r"/p\d+-(?P<epoch>\d+)/journal/(?P<name>\w+)")  # below the machine's number and epoch
SEGMENT = re.compile(r"s\d+")
SLOT_BYTES = 128
MAC_BYTES = 8
STEPS_BYTES = 1  # before the tail's chunk: how much of its time the running exam has begun


@dataclass(frozen=True)
class JournalOnFlash:
    """Entries oldest first; ``folded_seq`` = how far the checkpoint already speaks for entries that may be gone."""

    entries: tuple[Entry, ...]
    folded_seq: int

    def of(self, kind: int, credit: int | None = None) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind and credit in (None, entry.credit)]


def read_journal(image: bytes, journal_key: bytes | None = None) -> JournalOnFlash:
    """The journal in a flash image; empty when there is none yet.

    With the machine's ``journal_key`` the chain is recomputed from the genesis MAC where nothing was pruned.
    Raises AssertionError when entries are missing, doubled with another content or out of chain."""
    files = _files(image)
    entries: dict[int, bytes] = {}
    for chunk in _chunks(files):
        for data in chunk:
            seq = Entry.decode(data).seq
            assert entries.get(seq, data) == data, f"two entries with seq {seq}"
            entries[seq] = data
    folded = int.from_bytes(files["checkpoint"][3:7], "big") if "checkpoint" in files else 0
    numbers = sorted(entries)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, f"gap in {numbers}"
    if journal_key is not None and numbers and numbers[0] == 1:
        _check_chain(files, [entries[n] for n in numbers], journal_key)
    return JournalOnFlash(tuple(Entry.decode(entries[n]) for n in numbers), folded)


def _files(image: bytes) -> dict[str, bytes]:
    """Every file of the newest journal, by its name."""
    found: dict[int, dict[str, bytes]] = {}
    for path, content in read_files(image).items():
        place = JOURNAL_FILE.fullmatch(path)
        if place:
            found.setdefault(int(place["epoch"]), {})[place["name"]] = content
    return found[max(found)] if found else {}


def _chunks(files: dict[str, bytes]) -> Iterator[list[bytes]]:
    for name in _segments(files):
        for place in range(0, len(files[name]), SLOT_BYTES):
            yield next(_split(files[name][place : place + SLOT_BYTES]))
    yield from _split(files.get("tail", b"")[STEPS_BYTES:])


def _segments(files: dict[str, bytes]) -> list[str]:
    """Oldest first."""
    return sorted((name for name in files if SEGMENT.fullmatch(name) and files[name]), key=lambda name: int(name[1:]))


def _split(data: bytes) -> Iterator[list[bytes]]:
    """Chunks: length, entries (each with its length before it), MAC."""
    place = 0
    while place < len(data):
        end = place + 1 + data[place]
        place += 1
        entries = []
        while place < end:
            entries.append(data[place + 1 : place + 1 + data[place]])
            place += 1 + data[place]
        yield entries
        place += MAC_BYTES


def _check_chain(files: dict[str, bytes], entries: list[bytes], journal_key: bytes) -> None:
    mac = genesis_mac(journal_key)
    for data in entries:
        mac = chain_mac(journal_key, mac, data)
    newest = files.get("tail", b"")[STEPS_BYTES:] or files[_segments(files)[-1]][-SLOT_BYTES:]
    end = 1 + newest[0]
    assert newest[end : end + MAC_BYTES] == mac, "the chain of MACs does not end where the journal says"
