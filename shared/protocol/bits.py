"""Writing and reading single bits, and the two variable-length codes that the uplink message is made of.

exp-Golomb of order k: (v >> k) + 1 in binary, preceded by as many zeros as it has digits less one, then v's last
k bits. Rice of order k: v >> k as that many ones and a zero, then v's last k bits; from RICE_LIMIT ones on the
value follows as 32 plain bits instead, so that no value is longer than 44 bits.
"""

from protocol.errors import Malformed, OutOfRange

RICE_LIMIT = 12
RICE_ORDER_BITS = 4
MAX_GOLOMB_BITS = 32
WORD = 0xFFFFFFFF


class BitWriter:
    def __init__(self) -> None:
        self._output = bytearray()
        self._pending = 0
        self._count = 0

    def write(self, value: int, bits: int) -> None:
        if not 0 <= value < 1 << bits:
            raise OutOfRange("%r does not fit %d bits" % (value, bits))
        self._pending = self._pending << bits | value
        self._count += bits
        while self._count >= 8:
            self._count -= 8
            self._output.append(self._pending >> self._count)
            self._pending &= (1 << self._count) - 1

    def golomb(self, value: int, order: int) -> None:
        if not 0 <= value <= WORD:
            raise OutOfRange("%r is no 32-bit number" % value)
        head = (value >> order) + 1
        digits = 1
        while head >> digits:
            digits += 1
        self.write(0, digits - 1)
        self.write(head, digits)
        self.write(value & ((1 << order) - 1), order)

    def rice(self, value: int, order: int) -> None:
        ones = value >> order
        if ones < RICE_LIMIT:
            self.write((1 << ones + 1) - 2, ones + 1)
            self.write(value & ((1 << order) - 1), order)
        else:
            self.write((1 << RICE_LIMIT) - 1, RICE_LIMIT)
            self.write(value, 32)

    def number(self, value: int) -> None:
        """A 32-bit number in one to four bytes: two bits say how many."""
        size = 1
        while value >> 8 * size:
            size += 1
        if size > 4:
            raise OutOfRange("%r is no 32-bit number" % value)
        self.write(size - 1, 2)
        self.write(value, 8 * size)

    def bytes_(self) -> bytes:
        """Everything written, the last byte filled up with zero bits."""
        tail = bytes([self._pending << 8 - self._count]) if self._count else b""
        return bytes(self._output) + tail


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


def rice_bits(value: int, order: int) -> int:
    ones = value >> order
    return ones + 1 + order if ones < RICE_LIMIT else RICE_LIMIT + 32


def golomb_bits(value: int, order: int) -> int:
    head = (value >> order) + 1
    digits = 1
    while head >> digits:
        digits += 1
    return 2 * digits - 1 + order
