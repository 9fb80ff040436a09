"""Which keys this server keeps, under which purposes of the keyring, and what the cards' own keys are."""

from protocol import keys
from sqlmodel import Session

from backoffice.authority import repository
from backoffice.errors import NotFound
from backoffice.keyring import Keyring
from backoffice.models import InstitutionKey

MASTER_READ, MASTER_WRITE = "master-read", "master-write"
WHITE_READ, WHITE_WRITE = "white-read", "white-write"
BATCH_WRITE = "batch-write"


def master_card_keys(keyring: Keyring, uid: bytes) -> tuple[bytes, bytes]:
    """Read and write key of the master card's sectors: only this server can even read the sealed secret."""
    return keyring.card_key(MASTER_READ, uid), keyring.card_key(MASTER_WRITE, uid)


def white_card_keys(keyring: Keyring, uid: bytes) -> tuple[bytes, bytes]:
    """Read and write key of a white card's sectors."""
    return keyring.card_key(WHITE_READ, uid), keyring.card_key(WHITE_WRITE, uid)


def batch_card_keys(keyring: Keyring, institution_key: bytes, uid: bytes) -> tuple[bytes, bytes]:
    """Read and write key of a batch card's sectors: its machine must be able to read it."""
    return keys.batch_access_key(institution_key, uid), keyring.card_key(BATCH_WRITE, uid)


def store_institution_key(session: Session, keyring: Keyring, master_id: int, code: int, key: bytes, now: int) -> None:
    """Keep an institution's key, sealed; it never changes under one master."""
    if repository.institution_key(session, master_id, code) is None:
        sealed = keyring.seal(f"institution-key:{master_id}:{code}", key)
        session.add(InstitutionKey(institution_code=code, master_id=master_id, sealed_key=sealed, created_at=now))


def institution_key(session: Session, keyring: Keyring, master_id: int, code: int) -> bytes:
    """An institution's key."""
    row = repository.institution_key(session, master_id, code)
    if row is None:
        raise NotFound(f"institution {code} has no key yet: initialise one of its machines first")
    return keyring.open(f"institution-key:{master_id}:{code}", row.sealed_key)
