"""Which credits of one batch are gone: a bitmap, one bit a credit, in the order of the batch's range."""


class Spent:
    """The spent credits of one batch. Bits are only ever set; a batch that is used up needs no bitmap any more."""

    def __init__(self, first_credit: int, count: int, bits: bytes | None = None) -> None:
        size = (count + 7) // 8
        self.first_credit = first_credit
        self.count = count
        if bits is None:
            bits = bytes(size)
        if len(bits) not in (0, size):
            raise ValueError("bitmap of another batch")
        self._bits = bytearray(bits)
        self._left = count - sum(_ones(byte) for byte in bits) if bits else 0

    def holds(self, credit: int) -> bool:
        """Whether the credit belongs to this batch at all."""
        return 0 <= credit - self.first_credit < self.count

    def mark(self, credit: int) -> None:
        """The credit is gone for ever."""
        if not self.holds(credit):
            raise ValueError("credit outside the batch")
        if self.is_spent(credit):
            return
        index = credit - self.first_credit
        self._bits[index >> 3] |= 1 << (index & 7)
        self._left -= 1
        if not self._left:
            self._bits = bytearray()

    def is_spent(self, credit: int) -> bool:
        """Whether the credit is gone; one outside the range was never there to spend."""
        if not self.holds(credit):
            return False
        if not self._left:
            return True
        index = credit - self.first_credit
        return bool(self._bits[index >> 3] & (1 << (index & 7)))

    def left(self) -> int:
        """How many credits can still be spent."""
        return self._left

    def bits(self) -> bytes:
        """The bitmap as it goes into a checkpoint; empty when the batch is used up."""
        return bytes(self._bits)


def _ones(byte: int) -> int:
    count = 0
    while byte:
        byte &= byte - 1
        count += 1
    return count
