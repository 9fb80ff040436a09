"""MFAuthent: the chip's own MIFARE Classic authentication (data sheet 10.3.1.9), with a real Crypto1 on this side.

The FIFO gives the command (0x60 or 0x61), the block, six key bytes and four UID bytes. The command ends by itself, with
IdleIRq, when the card proved that it knows the key, or with ProtocolErr when what came back was not its answer. A card
that keeps silent (the wrong key, or no card) leaves the command waiting: only the timer tells. RxIRq and TxIRq stay
quiet meanwhile. MFCrypto1On means something only when the command has ended, by itself or by Idle: 1 after a success,
0 after anything else, also where a session was open before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.air import Frame, parity_bits
from emulator.cards.crypto1 import Crypto1, successor
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.crc import crc16

if TYPE_CHECKING:
    from emulator.mfrc522.chip import Mfrc522

PARAMETER_BYTES: Final = 12
NONCE_BITS: Final = 32
THINKING_US: Final = 91  # between the card's nonce and our proof


class Authentication:
    """One run of MFAuthent."""

    __slots__ = ("_cipher", "_expected", "_nested", "_uid", "chip")

    def __init__(self, chip: Mfrc522, parameters: bytes, time_us: int) -> None:
        self.chip = chip
        self._cipher = Crypto1(parameters[2:8])
        self._uid = int.from_bytes(parameters[8:12], "little")
        self._nested = chip.cipher is not None
        self._expected: int | None = None  # the card's proof, once we have sent ours
        command = parameters[:2]
        chip.modem.send(command + crc16(command).to_bytes(2, "little"), 32, time_us)

    def answered(self, frame: Frame, collided: bool, time_us: int) -> bool:
        """An answer came in completely. True when the authentication is over, well or badly."""
        if frame.bits != NONCE_BITS or collided:
            self._fail(reg.PROTOCOL_ERROR | (reg.COLLISION_ERROR if collided else 0))
            return True
        if self._expected is None:
            self._prove(frame, time_us)
            return False
        stream, covers = self._cipher.keystream(NONCE_BITS)
        word = int.from_bytes(frame.data, "little") ^ stream
        if word == self._expected and _parity_right(frame, word, covers):
            self.chip.switch_crypto_on(self._cipher)
            self.chip.raise_error(self.chip.authentication_flags)
        else:
            self._fail(reg.PROTOCOL_ERROR)
        return True

    def _fail(self, errors: int) -> None:
        self.chip.raise_error(errors)
        self.chip.switch_crypto_off()

    def _prove(self, challenge: Frame, time_us: int) -> None:
        """Answer the card's nonce with ours and with the proof that we know the key."""
        card_nonce = self._take_nonce(challenge)
        nonce = self.chip.random.getrandbits(NONCE_BITS)
        stream, covers = self._cipher.feed(nonce)
        proof_stream, proof_covers = self._cipher.keystream(NONCE_BITS)
        plain = nonce | successor(card_nonce, 64) << NONCE_BITS
        sealed = plain ^ (stream | proof_stream << NONCE_BITS)
        parity = parity_bits(plain.to_bytes(8, "little")) ^ (covers | proof_covers << 4)
        self._expected = successor(card_nonce, 96)
        self.chip.modem.send_frame(Frame(sealed.to_bytes(8, "little"), parity=parity), time_us + THINKING_US)

    def _take_nonce(self, challenge: Frame) -> int:
        """The card's nonce, mixed into the cipher; inside a running session it comes under the new key already."""
        word = int.from_bytes(challenge.data, "little")
        stream, covers = self._cipher.feed(word ^ self._uid, encrypted=self._nested)
        card_nonce = word ^ stream if self._nested else word
        if not _parity_right(challenge, card_nonce, covers if self._nested else 0):
            self.chip.raise_error(reg.PARITY_ERROR)
        return card_nonce


def _parity_right(frame: Frame, plain: int, covers: int) -> bool:
    sent = parity_bits(frame.data) if frame.parity is None else frame.parity
    return sent ^ covers == parity_bits(plain.to_bytes(4, "little"))
