"""Failures by name, in a fixed number of slots."""

import secrets
from array import array
from collections.abc import Callable
from hashlib import blake2b

SLOTS = 1 << 18
"""3 MiB. At ten failures a second, more than the hashing line lets through, two hours fill a quarter of them."""
KEY_BYTES = 16
INDEX_BYTES = 8
COUNT_MAX = 1 << 30


class Tally:
    """Counts without ever evicting one, so that nobody can push his own out by making others.

    Two names may share a slot, and then share their count: too strict by chance, never too lenient. Which names do is
    known to nobody, since a key made at start chooses the slot. Not for several threads at once.
    """

    def __init__(self, forget_s: int, slots: int = SLOTS) -> None:
        self._forget_s = forget_s
        self._key = secrets.token_bytes(KEY_BYTES)
        self._counts = array("I", bytes(slots * array("I").itemsize))
        self._counted_at = array("q", bytes(slots * array("q").itemsize))

    def failures(self, name: str, now: int) -> int:
        """How often this name failed; none when the last failure is long ago."""
        return self._counts[self._slot(name, now)]

    def wait_s(self, name: str, pace: Callable[[int], int], now: int) -> int:
        """How long this name still has to wait, if ``pace`` says how long after how many failures."""
        slot = self._slot(name, now)
        return max(0, self._counted_at[slot] + pace(self._counts[slot]) - now)

    def add(self, name: str, now: int) -> None:
        """One more failure."""
        slot = self._slot(name, now)
        self._counts[slot] = min(self._counts[slot] + 1, COUNT_MAX)
        self._counted_at[slot] = now

    def take_back(self, name: str, now: int, count: int) -> None:
        """So many failures less."""
        slot = self._slot(name, now)
        self._counts[slot] -= min(count, self._counts[slot])

    def _slot(self, name: str, now: int) -> int:
        """The slot of a name, as it is by now. A clock that was set back makes nobody wait for the time to come."""
        digest = blake2b(name.encode(), key=self._key, digest_size=INDEX_BYTES).digest()
        slot = int.from_bytes(digest, "big") % len(self._counts)
        self._counted_at[slot] = min(self._counted_at[slot], now)
        if now >= self._counted_at[slot] + self._forget_s:
            self._counts[slot] = 0
        return slot
