"""MIFARE Classic 1K (NXP MF1S50YYX data sheet): authenticate, read and write its blocks.

Every operation repeats in the field what was lost on the way: a lost frame desynchronises Crypto1, so a repetition is
wake, select, authenticate, and the command again. All commands here may safely run twice.
"""

from iso14443.a import Card, reselect
from mfrc522.chip import CRC_BOTH, CRC_SEND, KEY_A, KEY_B, Mfrc522
from mfrc522.errors import CardGone, CardRefused, Garbled, WrongKey
from micropython import const

__all__ = ["BLOCKS", "BLOCK_BYTES", "KEY_A", "KEY_B", "Classic", "is_classic_1k"]

BLOCK_BYTES = const(16)
BLOCKS = const(64)
_READ = const(0x30)
_WRITE = const(0xA0)
_ACK = const(0x0A)
_ANSWER_US = const(5_000)  # NXP MF1S50YYX 9: authentication, read, first half of a write
_WRITTEN_US = const(15_000)  # the slowest write takes 10 ms
_TRIES = const(3)
_SAKS_1K = (0x08, 0x88, 0x18)  # NXP AN10833; 0x88: Infineon; 0x18 answers as 4K and has all of a 1K's blocks


def is_classic_1k(card: Card) -> bool:
    """Can this card be used as a MIFARE Classic 1K?"""
    return card.sak in _SAKS_1K


class Classic:
    """A selected MIFARE Classic card. `writes` counts blocks written, `retries` what had to be repeated."""

    def __init__(self, chip: Mfrc522, card: Card) -> None:
        self.chip = chip
        self.card = card
        self.writes = 0
        self.retries = 0
        self._frame = bytearray(BLOCK_BYTES)
        self._login: tuple[int, bytes, int] | None = None

    def authenticate(self, block: int, key: bytes, key_type: int = KEY_A) -> None:
        """Open the sector of `block`. Raises WrongKey (the card is there, and selected again), CardGone."""
        if self.opened_with(block, key, key_type):
            return
        self._login = None
        for _ in range(_TRIES - 1):
            if self._try_key(block, key, key_type):
                self._login = (block | 3, key, key_type)
                return
            self.retries += 1
        if not self._try_key(block, key, key_type):
            raise WrongKey("sector %d" % (block >> 2))
        self._login = (block | 3, key, key_type)

    def opened_with(self, block: int, key: bytes, key_type: int) -> bool:
        """Is the sector of `block` open by this key?"""
        return self._login == (block | 3, key, key_type)

    def read(self, block: int) -> bytes:
        """16 bytes of an open sector. Raises CardRefused (access bits), CardGone."""
        return self._repeat(block, None)

    def write(self, block: int, data: bytes) -> None:
        """16 bytes into an open sector. The card acknowledged them; read back what matters."""
        self.writes += 1
        self._repeat(block, data)

    def log_out(self) -> None:
        """Forget the open sector, so that the next authenticate() really asks the card."""
        self._login = None

    def _try_key(self, block: int, key: bytes, key_type: int) -> bool:
        """One authentication. A card that is still there afterwards did not like the key, or a frame was lost."""
        try:
            self.chip.authenticate(key_type, block, key, self.card.uid, _ANSWER_US)
        except CardGone:
            reselect(self.chip, self.card)
            return False
        return True

    def _repeat(self, block: int, data: bytes | None) -> bytes:
        login = self._login
        if login is None:
            raise CardRefused("sector not open")
        for _ in range(_TRIES - 1):
            try:
                return self._once(block, data)
            except CardGone:
                self.retries += 1
                self._login = None
                reselect(self.chip, self.card)
                self.authenticate(*login)
            except CardRefused:
                self._after_refusal()
                raise
        return self._once(block, data)

    def _after_refusal(self) -> None:
        """A NACK sends the card back to idle: select it again, so that the caller may go on with it."""
        self._login = None
        self.chip.stop_crypto()
        reselect(self.chip, self.card)

    def _once(self, block: int, data: bytes | None) -> bytes:
        return self._read_once(block) if data is None else self._write_once(block, data)

    def _read_once(self, block: int) -> bytes:
        self._command(_READ, block)
        count = self.chip.transceive(self._frame, 2, _ANSWER_US, CRC_BOTH, expect=BLOCK_BYTES + 2)
        if count == BLOCK_BYTES:
            return bytes(self.chip.rx[:BLOCK_BYTES])
        self._expect_whole_nack(count)
        raise CardRefused("read of block %d" % block)

    def _write_once(self, block: int, data: bytes) -> bytes:
        self._command(_WRITE, block)
        if not self._acknowledged(self._frame, 2, _ANSWER_US):
            raise CardRefused("write of block %d" % block)
        if not self._acknowledged(data, BLOCK_BYTES, _WRITTEN_US):
            raise CardRefused("write of block %d, data" % block)
        return data

    def _command(self, code: int, block: int) -> None:
        self._frame[0] = code
        self._frame[1] = block

    def _acknowledged(self, tx: bytes | bytearray, count: int, timeout_us: int) -> bool:
        got = self.chip.transceive(tx, count, timeout_us, CRC_SEND)
        self._expect_whole_nack(got)
        return self.chip.rx[0] & 0x0F == _ACK

    def _expect_whole_nack(self, count: int) -> None:
        if count != 1 or self.chip.rx_last_bits != 4:
            self.chip.stop_crypto()
            raise Garbled("acknowledge of %d bytes" % count)
