"""MIFARE Classic 1K (MF1S50): 16 sectors of four blocks, two keys and access conditions each, behind Crypto1.

Written after the MF1S50YYX data sheet and the public analyses of the cipher. As on real cards: an error or a refusal
ends the session (the card falls back to IDLE or HALT), a wrong key gets no answer at all, and a value operation shows
only after its TRANSFER.
"""

from __future__ import annotations

from random import Random
from typing import Self

from emulator.air import Frame, Reply, parity_bits
from emulator.cards import access, value_block
from emulator.cards.crypto1 import Crypto1, nonce_from, successor
from emulator.cards.eeprom import BLOCK_BYTES, Eeprom
from emulator.cards.iso14443a import ATQA_UID_SIZE, HALT_COMMAND, TypeACard, crc_ok, with_crc

BLOCKS = 64
BLOCKS_PER_SECTOR = 4
SAK_CLASSIC_1K = 0x08
FACTORY_KEY = b"\xff" * 6
MANUFACTURER_DATA = bytes.fromhex("6263646566676869")

AUTH_KEY_A, AUTH_KEY_B = 0x60, 0x61
READ, WRITE, DECREMENT, INCREMENT, RESTORE, TRANSFER = 0x30, 0xA0, 0xC0, 0xC1, 0xC2, 0xB0
VALUE_COMMANDS = (DECREMENT, INCREMENT, RESTORE)

# Four-bit answers; 0 and 1 instead of 4 and 5 while the transfer buffer holds a value (data sheet 9.4).
ACK = 0xA
NACK_REFUSED = 0x4
NACK_TRANSMISSION = 0x5
NACK_BUFFER_VALID = 0x4  # this bit is cleared


class ClassicCard(TypeACard):
    """A MIFARE Classic 1K. `magic` cards (sold for cloning) let block 0, and with it their UID, be written."""

    def __init__(
        self,
        uid: bytes,
        blocks: list[bytes] | None = None,
        seed: int = 0,
        write_us: int | tuple[int, int] = (4_000, 10_000),
        *,
        magic: bool = False,
    ) -> None:
        super().__init__(uid, bytes([ATQA_UID_SIZE.get(len(uid), 0) | 0x04, 0x00]), SAK_CLASSIC_1K)
        self.magic = magic
        self._random = Random(f"{uid.hex()}/{seed}")  # noqa: S311 - a deterministic world
        self._eeprom = Eeprom(self._initial(blocks), self._random, write_us)
        self._cipher: Crypto1 | None = None
        self._nonce: int | None = None  # of an authentication that waits for the reader's proof
        self._sector: int | None = None  # authenticated
        self._key = access.A
        self._second_step: tuple[int, int] | None = None  # (command, block) whose data frame is due
        self._buffer: tuple[int, int] | None = None  # (value, address) waiting for TRANSFER

    # --- what tests and tools see ----------------------------------------------------------------------------

    @property
    def blocks(self) -> list[bytearray]:
        return self._eeprom.blocks

    @property
    def writes(self) -> int:
        """EEPROM writes begun so far."""
        return self._eeprom.writes

    def leak(self) -> None:
        """Time passes: see Eeprom.leak."""
        self._eeprom.leak()

    @property
    def weak_blocks(self) -> list[int]:
        """Blocks with bits that a torn write left undecided."""
        return self._eeprom.weak_blocks

    def image(self) -> bytes:
        return b"".join(self._eeprom.blocks)

    def load(self, image: bytes) -> None:
        if len(image) != BLOCKS * BLOCK_BYTES:
            raise ValueError("an image of a Classic 1K has 1024 bytes")
        for i, block in enumerate(self._eeprom.blocks):
            block[:] = image[i * BLOCK_BYTES : (i + 1) * BLOCK_BYTES]
        self._eeprom.forget_weakness()

    @classmethod
    def clone(cls, other: ClassicCard, seed: int = 1) -> Self:
        """What an attacker with both keys makes of a stolen dump: same UID, same content, on a magic card."""
        card = cls(other.uid, seed=seed, magic=True)
        card.load(other.image())
        return card

    def sector_locked(self, sector: int) -> bool:
        """Whether the sector's access bits contradict themselves, so that nobody can use it any more."""
        return access.decode(self.blocks[_trailer_of(sector)]) is None

    def _initial(self, blocks: list[bytes] | None) -> list[bytearray]:
        if blocks is not None:
            if len(blocks) != BLOCKS or any(len(block) != BLOCK_BYTES for block in blocks):
                raise ValueError("a Classic 1K has 64 blocks of 16 bytes")
            return [bytearray(block) for block in blocks]
        trailer = FACTORY_KEY + access.TRANSPORT + FACTORY_KEY
        factory = [bytearray(trailer if _is_trailer(i) else BLOCK_BYTES) for i in range(BLOCKS)]
        check = bytes([self.uid[0] ^ self.uid[1] ^ self.uid[2] ^ self.uid[3]]) if len(self.uid) == 4 else b""
        head = self.uid + check + bytes([self.sak]) + self.atqa
        factory[0][:] = (head + MANUFACTURER_DATA)[:BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")
        return factory

    # --- the card's life -------------------------------------------------------------------------------------

    def write_done(self) -> None:
        self._eeprom.finish_write()

    def power_off(self, write_progress: float = 0.0) -> None:
        self._eeprom.cut_write(write_progress)
        super().power_off()

    def _forget(self) -> None:
        self._cipher = self._nonce = self._sector = self._second_step = self._buffer = None

    def _active(self, frame: Frame) -> Reply | None:
        if self._nonce is not None and self._cipher is not None:
            return self._check_proof(frame, self._cipher, self._nonce)
        plain = self._decrypt(frame)
        if plain is None or not crc_ok(plain):
            return self._nack(NACK_TRANSMISSION) if self._cipher or self._second_step else super()._active(frame)
        if self._second_step is not None:
            return self._data_frame(plain[:-2], *self._second_step)
        return self._command(plain[:-2])

    def _decrypt(self, frame: Frame) -> bytes | None:
        """The frame's bytes, or None if a parity bit or the length is wrong."""
        if frame.bits & 7:
            return None
        plain = frame.data
        covers = 0
        if self._cipher is not None:
            stream, covers = self._cipher.keystream(frame.bits)
            plain = (int.from_bytes(plain, "little") ^ stream).to_bytes(len(plain), "little")
        sent = parity_bits(frame.data) if frame.parity is None else frame.parity
        return plain if sent ^ covers == parity_bits(plain) else None

    def _answer(self, data: bytes, write_us: int = 0) -> Reply:
        if self._cipher is None:
            return Reply(Frame(data), write_us)
        stream, covers = self._cipher.keystream(len(data) * 8)
        sealed = (int.from_bytes(data, "little") ^ stream).to_bytes(len(data), "little")
        return Reply(Frame(sealed, parity=parity_bits(data) ^ covers), write_us)

    def _nibble(self, code: int, write_us: int = 0) -> Reply:
        if self._cipher is not None:
            code ^= self._cipher.keystream(4)[0]
        return Reply(Frame(bytes([code]), 4), write_us)

    def _nack(self, code: int) -> Reply:
        reply = self._nibble(code & ~NACK_BUFFER_VALID if self._buffer is not None else code)
        self._back_to_sleep()
        return reply

    # --- authentication --------------------------------------------------------------------------------------

    def _command(self, command: bytes) -> Reply | None:
        if command == HALT_COMMAND:
            self._halt()
            return None
        if len(command) != 2:
            return self._nack(NACK_REFUSED)
        code, block = command
        if code in (AUTH_KEY_A, AUTH_KEY_B):
            return self._challenge(code, block)
        if self._sector is None or block // BLOCKS_PER_SECTOR != self._sector or self._key_b_is_data(block):
            return self._nack(NACK_REFUSED)
        return self._memory_command(code, block)

    def _challenge(self, code: int, block: int) -> Reply:
        """First step of the mutual authentication; nested in a running session the nonce itself is encrypted."""
        sector = block // BLOCKS_PER_SECTOR
        if block >= BLOCKS or access.decode(self._eeprom.read(_trailer_of(sector))) is None:
            return self._nack(NACK_REFUSED)
        nested = self._cipher is not None
        trailer = self._eeprom.read(_trailer_of(sector))
        self._key = access.A if code == AUTH_KEY_A else access.B
        self._cipher = Crypto1(trailer[:6] if self._key == access.A else trailer[10:])
        self._sector = sector
        self._buffer = None
        self._nonce = nonce_from(self._random.getrandbits(16))
        stream, covers = self._cipher.feed(self._nonce ^ int.from_bytes(self.uid[-4:], "little"))
        plain = self._nonce.to_bytes(4, "little")
        if not nested:
            return Reply(Frame(plain))
        sealed = (self._nonce ^ stream).to_bytes(4, "little")
        return Reply(Frame(sealed, parity=parity_bits(plain) ^ covers))

    def _check_proof(self, frame: Frame, cipher: Crypto1, nonce: int) -> Reply | None:
        """Second step: the reader's nonce and its answer to ours. Anything wrong gets silence."""
        self._nonce = None
        if frame.bits != 64:
            self._back_to_sleep()
            return None
        word = int.from_bytes(frame.data, "little")
        stream, covers = cipher.feed(word & 0xFFFFFFFF, encrypted=True)
        proof_stream, proof_covers = cipher.keystream(32)
        plain = word ^ (stream | proof_stream << 32)
        sent = parity_bits(frame.data) if frame.parity is None else frame.parity
        parity_right = sent ^ (covers | proof_covers << 4) == parity_bits(plain.to_bytes(8, "little"))
        if not parity_right or plain >> 32 != successor(nonce, 64):
            self._back_to_sleep()
            return None
        return self._answer(successor(nonce, 96).to_bytes(4, "little"))

    # --- memory ----------------------------------------------------------------------------------------------

    def _conditions(self, block: int) -> int:
        """C1 C2 C3 of a block of the authenticated sector."""
        bits = access.decode(self._eeprom.read(block | BLOCKS_PER_SECTOR - 1))
        return 0b111 if bits is None else bits[block % BLOCKS_PER_SECTOR]

    def _key_b_is_data(self, block: int) -> bool:
        """A key B that can be read is no key: whoever came in with it gets nothing (data sheet 8.7.2)."""
        trailer = access.TrailerAccess(self._conditions(block | BLOCKS_PER_SECTOR - 1))
        return self._key == access.B and trailer.read_key_b != access.NEVER

    def _memory_command(self, code: int, block: int) -> Reply | None:
        if code == READ:
            return self._read(block)
        if code == TRANSFER:
            return self._transfer(block)
        if code == WRITE:
            allowed = self._may_write(block)
        elif code in VALUE_COMMANDS:
            allowed = self._may_compute(code, block) and value_block.decode(self._eeprom.read(block)) is not None
        else:
            allowed = False
        if not allowed:
            return self._nack(NACK_REFUSED)
        self._second_step = (code, block)
        return self._nibble(ACK)

    def _read(self, block: int) -> Reply:
        data = self._eeprom.read(block)
        if _is_trailer(block):
            trailer = access.TrailerAccess(self._conditions(block))
            bits = data[6:10] if trailer.read_bits & self._key else bytes(4)
            key_b = data[10:] if trailer.read_key_b & self._key else bytes(6)
            return self._answer(with_crc(bytes(6) + bits + key_b))
        if not access.BlockAccess(self._conditions(block)).read & self._key:
            return self._nack(NACK_REFUSED)
        return self._answer(with_crc(data))

    def _may_write(self, block: int) -> bool:
        if block == 0:
            return self.magic
        bits = self._conditions(block)
        allowed = access.TrailerAccess(bits).write_anything if _is_trailer(block) else access.BlockAccess(bits).write
        return bool(allowed & self._key)

    def _may_compute(self, code: int, block: int) -> bool:
        if _is_trailer(block) or block == 0:
            return False
        conditions = access.BlockAccess(self._conditions(block))
        return bool((conditions.increment if code == INCREMENT else conditions.decrement) & self._key)

    def _data_frame(self, data: bytes, code: int, block: int) -> Reply | None:
        self._second_step = None
        if len(data) != (BLOCK_BYTES if code == WRITE else 4):
            return self._nack(NACK_TRANSMISSION)
        if code == WRITE:
            return self._nibble(ACK, self._begin_write(block, self._written(block, data)))
        return self._compute(code, block, int.from_bytes(data, "little"))

    def _written(self, block: int, data: bytes) -> bytes:
        """In a trailer only the fields that this key may write change."""
        if not _is_trailer(block):
            return data
        old = self._eeprom.read(block)
        may = access.TrailerAccess(self._conditions(block))
        key_a = data[:6] if may.write_key_a & self._key else old[:6]
        bits = data[6:10] if may.write_bits & self._key else old[6:10]
        key_b = data[10:] if may.write_key_b & self._key else old[10:]
        return key_a + bits + key_b

    def _begin_write(self, block: int, data: bytes) -> int:
        if block == 0:
            self._take_uid(data)
        return self._eeprom.begin_write(block, data)

    def _take_uid(self, block0: bytes) -> None:
        """A magic card with a 4-byte UID answers with the new one from its next selection on."""
        if len(self.uid) == 4:
            self.uid = block0[:4]
            self._levels = [block0[:5]]

    # --- values ----------------------------------------------------------------------------------------------

    def _compute(self, code: int, block: int, operand: int) -> Reply | None:
        """The result goes into the transfer buffer; success is silent (data sheet 12.7 to 12.9)."""
        current = value_block.decode(self._eeprom.read(block))
        if current is None:
            return self._nack(NACK_REFUSED)
        value, address = current
        change = {INCREMENT: operand, DECREMENT: -operand, RESTORE: 0}[code]
        self._buffer = (value + change, address)
        return None

    def _transfer(self, block: int) -> Reply:
        if self._buffer is None or not self._may_compute(TRANSFER, block):
            return self._nack(NACK_REFUSED)
        value, address = self._buffer
        return self._nibble(ACK, self._begin_write(block, value_block.encode(value, address)))


def _is_trailer(block: int) -> bool:
    return block % BLOCKS_PER_SECTOR == BLOCKS_PER_SECTOR - 1


def _trailer_of(sector: int) -> int:
    return sector * BLOCKS_PER_SECTOR + BLOCKS_PER_SECTOR - 1
