"""The top authority, its keys and its cards, from one seed: what the back office would make, without a back office."""

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from protocol import classic, keys
from protocol.orders import Order
from protocol.provisioning import ProvisioningMessage
from protocol.records import (
    BatchCertificate,
    BatchRecord,
    MasterRecord,
    OneTimeRecord,
    ServiceRecord,
    WhiteCertificate,
    WhiteRecord,
)

from emulator.cards.classic import ClassicCard

SEALED_STUB: Final = bytes(60)  # what stands where a PIN would seal a secret: no machine opens it
FIRST_CREDIT: Final = 1000
QUOTA: Final = 1_000_000
CARD_WRITE_US: Final = 5000


@dataclass
class BatchOrder:
    """A batch and all that its cards are made from. Change a field before making a card to make a wrong card."""

    record: BatchRecord
    key: bytes

    @property
    def batch_id(self) -> int:
        return self.record.batch.batch_id

    @property
    def first_credit(self) -> int:
        return self.record.batch.first_credit


class TestAuthority:
    """Deterministic: the same seed gives the same keys, signatures' contents and cards."""

    __test__ = False  # pytest: a helper, whatever its name

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self.master_secret = self._bytes("master secret", 32)
        self._authority = _private(keys.authority_scalar(self.master_secret))
        self.authority_key = public_key(self._authority)
        self._cards = 0

    # --- records -------------------------------------------------------------------------------------------------

    def master(self, master_id: int = 1) -> MasterRecord:
        return MasterRecord(master_id, self.authority_key, SEALED_STUB)

    def white(
        self, white_id: int = 1, first_credit: int = FIRST_CREDIT, quota: int = QUOTA, expires: int = 0
    ) -> WhiteRecord:
        """Signed by the authority."""
        issuer_key = public_key(self._white_private(white_id))
        certificate = WhiteCertificate(white_id, first_credit, quota, expires, issuer_key)
        certificate.signature = sign(self._authority, certificate.body())
        return WhiteRecord(certificate, SEALED_STUB)

    def batch(
        self,
        batch_id: int = 7,
        first_credit: int = FIRST_CREDIT,
        count: int = 100,
        machine_id: int = 1,
        epoch: int = 1,
        institution: int = 10,
        expires: int = 0,
        white: WhiteRecord | None = None,
        batch_number: int = 1,
    ) -> BatchOrder:
        """Signed by the white card, its key sealed for the machine."""
        white = white or self.white()
        white_id = white.certificate.white_id
        certificate = BatchCertificate(
            batch_id, white_id, institution, batch_number, first_credit, count, machine_id, epoch, expires
        )
        certificate.signature = sign(self._white_private(white_id), certificate.body())
        key = keys.batch_key(keys.white_scalar(self.master_secret, white_id), batch_id)
        machine_key = self.machine_key(machine_id, epoch)
        sealed = keys.seal_batch_key(machine_key, certificate.body(), key)
        return BatchOrder(BatchRecord(white.certificate, certificate, sealed, SEALED_STUB), key)

    def one_time(self, order: BatchOrder, uid: bytes, credit: int) -> OneTimeRecord:
        return OneTimeRecord(order.batch_id, credit, keys.one_time_tag(order.key, uid, order.batch_id, credit))

    # --- keys ----------------------------------------------------------------------------------------------------

    def machine_key(self, machine_id: int = 1, epoch: int = 1) -> bytes:
        return keys.machine_key(self.master_secret, machine_id, epoch)

    def institution_key(self, institution: int = 10) -> bytes:
        return keys.institution_key(self.master_secret, institution)

    def read_key(self, uid: bytes) -> bytes:
        """Of a master or white card: the server's to know."""
        return self._bytes("read key " + uid.hex(), keys.ACCESS_KEY_BYTES)

    def write_key(self, uid: bytes) -> bytes:
        return self._bytes("write key " + uid.hex(), keys.ACCESS_KEY_BYTES)

    # --- cards ---------------------------------------------------------------------------------------------------

    def uid(self) -> bytes:
        """Of the next card that leaves the factory. 0x88 never begins a four-byte UID."""
        self._cards += 1
        uid = self._bytes(f"uid {self._cards}", 4)
        return b"\x04" + uid[1:]

    def blank_card(self, uid: bytes | None = None) -> ClassicCard:
        return ClassicCard(uid or self.uid(), seed=self._seed, write_us=CARD_WRITE_US)

    def master_card(self, master_id: int = 1) -> ClassicCard:
        card = self.blank_card()
        record = self.master(master_id)
        personalise(card, MasterRecord.KIND, record.encode(), self.read_key(card.uid), self.write_key(card.uid))
        return card

    def white_card(self, record: WhiteRecord | None = None) -> ClassicCard:
        card = self.blank_card()
        record = record or self.white()
        personalise(card, WhiteRecord.KIND, record.encode(), self.read_key(card.uid), self.write_key(card.uid))
        for block in classic.WHITE_DRAW_BLOCKS:
            card.blocks[block][:] = classic.draw_block(record.certificate.first_credit)
        return card

    def batch_card(self, order: BatchOrder) -> ClassicCard:
        card = self.blank_card()
        institution_key = self.institution_key(order.record.batch.institution)
        read_key = keys.batch_access_key(institution_key, card.uid)
        personalise(card, BatchRecord.KIND, order.record.encode(), read_key, self.write_key(card.uid))
        return card

    def one_time_card(self, order: BatchOrder, credit: int, uid: bytes | None = None) -> ClassicCard:
        card = self.blank_card(uid)
        record = self.one_time(order, card.uid, credit)
        write_key = keys.one_time_access_key(order.key, card.uid)
        personalise(card, OneTimeRecord.KIND, record.encode(), classic.PUBLIC_READ_KEY, write_key)
        return card

    def service_card(self, content: bytes = b"") -> ClassicCard:
        """Empty, or with this at the beginning of its store (protocol.mailbox)."""
        card = self.blank_card()
        key = classic.SERVICE_KEY
        personalise(card, ServiceRecord.KIND, ServiceRecord(classic.STORE_BYTES).encode(), key, key)
        write_store(card, content)
        return card

    # --- orders ----------------------------------------------------------------------------------------------------

    def order(self, kind: int, number: int, text: str = "", machine_id: int = 1, epoch: int = 1) -> list[object]:
        """The arguments of a LOCK or UNLOCK command."""
        order = Order(machine_id, epoch, kind, number, text)
        order.signature = sign(self._authority, order.body())
        return order.arguments()

    # --- provisioning --------------------------------------------------------------------------------------------

    def provisioning(
        self,
        nonce: bytes,
        role: str = "swipe",
        machine_id: int = 1,
        epoch: int = 1,
        institution: int = 10,
        settings: dict[str, object] | None = None,
    ) -> tuple[bytes, bytes]:
        """(message, signature)."""
        message = ProvisioningMessage(
            nonce,
            role,
            machine_id,
            epoch,
            institution,
            self.authority_key,
            self.machine_key(machine_id, epoch),
            self.institution_key(institution),
            settings or {},
        )
        return message.encode(), sign(self._authority, message.body())

    def _white_private(self, white_id: int) -> ec.EllipticCurvePrivateKey:
        return _private(keys.white_scalar(self.master_secret, white_id))

    def _bytes(self, purpose: str, count: int) -> bytes:
        return hashlib.sha256(f"perscan test authority/{self._seed}/{purpose}".encode()).digest()[:count]


def personalise(card: ClassicCard, kind: int, record: bytes, read_key: bytes, write_key: bytes) -> None:
    """Write the record as a finished issuer job leaves it, straight into the card's memory."""
    for block, data in classic.blocks_for(kind, record):
        card.blocks[block][:] = data
    for sector in classic.sectors_for(kind, len(record)):
        card.blocks[classic.trailer_of(sector)][:] = classic.trailer(kind, sector, read_key, write_key)


def write_store(card: ClassicCard, content: bytes) -> None:
    """The beginning of a service card's store, straight into the card's memory."""
    for start in range(0, len(content), classic.BLOCK_BYTES):
        part = content[start : start + classic.BLOCK_BYTES].ljust(classic.BLOCK_BYTES, b"\0")
        card.blocks[classic.store_block(start // classic.BLOCK_BYTES)][:] = part


def read_store(card: ClassicCard) -> bytes:
    """All of a service card's store, straight from its memory."""
    units = classic.STORE_BYTES // classic.BLOCK_BYTES
    return b"".join(bytes(card.blocks[classic.store_block(unit)]) for unit in range(units))


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """r then s, 32 bytes each."""
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def public_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """X then Y, 32 bytes each."""
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _private(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
