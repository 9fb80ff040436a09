"""Writing single bits, and the variable-length codes that the uplink message is made of.

exp-Golomb of order k: (v >> k) + 1 in binary, preceded by as many zeros as it has digits less one, then v's last
k bits. Rice of order k: v >> k as that many ones and a zero, then v's last k bits; from RICE_LIMIT ones on the
value follows as 32 plain bits instead, so that no value is longer than 44 bits. A number: two bits with its bytes
less one, then those bytes.
"""

from protocol.errors import OutOfRange

RICE_LIMIT = 12
RICE_ORDER_BITS = 4
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


def rice_bits(value: int, order: int) -> int:
    ones = value >> order
    return ones + 1 + order if ones < RICE_LIMIT else RICE_LIMIT + 32


def golomb_bits(value: int, order: int) -> int:
    head = (value >> order) + 1
    digits = 1
    while head >> digits:
        digits += 1
    return 2 * digits - 1 + order
