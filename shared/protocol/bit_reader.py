"""Reading what bits.py writes. Only the receiver of reports loads this."""

from protocol.bits import RICE_LIMIT, WORD
from protocol.errors import Malformed, OutOfRange

MAX_GOLOMB_BITS = 32


class BitReader:
    def __init__(self, data: bytes) -> None:
        # One big number: shifting it is cheaper than walking bytes, and messages are short.
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, bits: int) -> int:
        if bits > self._left:
            raise Malformed("the entries are cut short")
        self._left -= bits
        return (self._value >> self._left) & ((1 << bits) - 1)

    def golomb(self, order: int) -> int:
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > MAX_GOLOMB_BITS:
                raise Malformed("an exp-Golomb code longer than any number")
        head = 1 << zeros | self.read(zeros)
        value = head - 1 << order | self.read(order)
        if value > WORD:
            raise OutOfRange("more than 32 bits")
        return value

    def rice(self, order: int) -> int:
        ones = 0
        while ones < RICE_LIMIT and self.read(1):
            ones += 1
        return self.read(32) if ones == RICE_LIMIT else ones << order | self.read(order)

    def number(self) -> int:
        return self.read(8 * (self.read(2) + 1))

    def finish(self) -> None:
        """Only the zero bits that fill up the last byte may be left."""
        if self._left > 7 or self.read(self._left):
            raise Malformed("bits after the last entry")
