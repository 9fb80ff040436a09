"""Crypto1, the stream cipher of MIFARE Classic, as published in "Dismantling MIFARE Classic" (ESORICS 2008).

Broken as a cipher and modelled for that very reason: the cards that come with every reader kit speak it, so the
frames in the field must be real. Bits travel least significant first, so every word here is a little-endian integer
whose bit i is the i-th bit on the air.

The 48 register bits are kept as two halves (even and odd positions). One clock then is a swap and one shift, and the
filter, which only looks at odd positions, is a single table look-up.
"""

from __future__ import annotations

# Feedback taps of the shift register, by position.
_TAPS = (0, 5, 9, 10, 12, 14, 15, 17, 19, 24, 25, 27, 29, 35, 39, 41, 42, 43)
_EVEN_TAPS = sum(1 << tap // 2 for tap in _TAPS if tap % 2 == 0)
_ODD_TAPS = sum(1 << tap // 2 for tap in _TAPS if tap % 2 == 1)


def _fa(a: int, b: int, c: int, d: int) -> int:
    return ((a | b) ^ (a & d)) ^ (c & ((a ^ b) | d))


def _fb(a: int, b: int, c: int, d: int) -> int:
    return ((a & b) | c) ^ ((a ^ b) & (c | d))


def _fc(a: int, b: int, c: int, d: int, e: int) -> int:
    return (a | ((b | e) & (d ^ e))) ^ ((a ^ (b & d)) & ((c ^ d) | (b & e)))


def _bits(nibble: int) -> tuple[int, int, int, int]:
    return nibble & 1, nibble >> 1 & 1, nibble >> 2 & 1, nibble >> 3 & 1


def _filter_table() -> bytes:
    """The filter for all 2^20 inputs: rows of the two low nibbles, one kind of row per outcome of the three others."""
    fa = [_fa(*_bits(nibble)) for nibble in range(16)]
    fb = [_fb(*_bits(nibble)) for nibble in range(16)]
    rows = {
        (c, d, e): bytes(_fc(fa[low & 15], fb[low >> 4], c, d, e) for low in range(256))
        for c in (0, 1)
        for d in (0, 1)
        for e in (0, 1)
    }
    return b"".join(rows[fb[high & 15], fa[high >> 4 & 15], fb[high >> 8]] for high in range(4096))


_FILTER = _filter_table()  # input: the odd half without its four lowest bits (register positions 9, 11, ... 47)


class Crypto1:
    """One end of a conversation. Both ends run the same register, fed with the same bits."""

    __slots__ = ("_even", "_odd")

    def __init__(self, key: bytes) -> None:
        if len(key) != 6:
            raise ValueError("a Crypto1 key has 6 bytes")
        state = int.from_bytes(key, "little")
        self._even = sum((state >> 2 * i & 1) << i for i in range(24))
        self._odd = sum((state >> 2 * i + 1 & 1) << i for i in range(24))

    def keystream(self, length_bits: int) -> tuple[int, int]:
        """The next bits of keystream, and per whole byte the bit that covers its parity (bit i for byte i).

        A parity bit is encrypted with the keystream bit that the next data bit uses too: it clocks nothing.
        """
        return self._run(length_bits, 0, encrypted=False)

    def feed(self, word: int, length_bits: int = 32, *, encrypted: bool = False) -> tuple[int, int]:
        """The same, while `word` is shifted into the register; `encrypted` means it still carries the keystream."""
        return self._run(length_bits, word, encrypted=encrypted)

    def _run(self, length_bits: int, word: int, *, encrypted: bool) -> tuple[int, int]:
        even, odd, table = self._even, self._odd, _FILTER
        stream = covers = 0
        cipher_mask = 1 if encrypted else 0
        for i in range(length_bits):
            bit = table[odd >> 4]
            if bit:
                stream |= 1 << i
                if i and not i & 7:
                    covers |= 1 << (i >> 3) - 1
            new = (even & _EVEN_TAPS).bit_count() ^ (odd & _ODD_TAPS).bit_count() ^ (word >> i) ^ (bit & cipher_mask)
            even, odd = odd, even >> 1 | (new & 1) << 23
        if length_bits and not length_bits & 7 and table[odd >> 4]:
            covers |= 1 << (length_bits >> 3) - 1
        self._even, self._odd = even, odd
        return stream, covers


def successor(nonce: int, steps: int) -> int:
    """A card's 32-bit nonce, `steps` clocks of its 16-bit pseudo-random generator later."""
    for _ in range(steps):
        new = (nonce >> 16 ^ nonce >> 18 ^ nonce >> 19 ^ nonce >> 21) & 1
        nonce = nonce >> 1 | new << 31
    return nonce


def nonce_from(seed16: int) -> int:
    """The nonce whose first 16 bits are the generator's state `seed16`: only 65,535 of them exist, as on real cards."""
    return successor((seed16 or 1) << 16, 16)
