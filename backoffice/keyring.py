"""Keys that seal secrets at rest, in a file of their own outside the database.

Who steals the database alone gets sealed bytes; who steals the keyring alone gets nothing to open. A value is sealed
for a *purpose*, a string that names what it is and whose (``machine-key:7:1``): it opens for that purpose only, so
sealed values cannot be swapped between rows.

Sealed value: version u8 = 1, key number u8, nonce 12 B, AES-256-GCM ciphertext and tag. Fields are never changed; a
new layout gets a new version. The key of a purpose is HKDF-SHA256 (RFC 5869) of the numbered key encryption key.
"""

import hmac
import json
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backoffice import private_file
from backoffice.errors import CannotUnseal, KeyringError, KeyringExposed

FILE_VERSION = 1
SEALED_VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 2
CARD_KEY_BYTES = 6
FILE_MAX_BYTES = 64 * 1024
SEAL_LABEL = b"perscan/keyring/seal/"
CARD_LABEL = b"perscan/keyring/card/"
TAG_LABEL = b"perscan/keyring/tag/"


class Keyring:
    """The keys of one back office: one active sealing key, older ones that still open, one root of card access keys."""

    def __init__(self, keys: dict[int, bytes], active: int, card_root: bytes) -> None:
        if active not in keys or any(len(key) != KEY_BYTES for key in (*keys.values(), card_root)):
            raise KeyringError()
        self._keys = keys
        self._active = active
        self._card_root = card_root

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """Read the keyring file; make it, with fresh keys and mode 0600, if there is none."""
        try:
            return cls.load(path)
        except FileNotFoundError:
            _write_new(path)
            return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the keyring file. Refuses a file that anybody but its owner may read."""
        text = private_file.read(path, FILE_MAX_BYTES, KeyringExposed)
        try:
            content = json.loads(text)
            if content["version"] != FILE_VERSION:
                raise KeyringError(f"keyring version {content['version']!r} is unknown")
            keys = {int(number): bytes.fromhex(key) for number, key in content["keys"].items()}
            return cls(keys, int(content["active"]), bytes.fromhex(content["card_root"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyringError("the keyring file is damaged") from error

    def seal(self, purpose: str, value: bytes) -> bytes:
        """Encrypt a value for one purpose."""
        header = bytes((SEALED_VERSION, self._active))
        nonce = secrets.token_bytes(NONCE_BYTES)
        return header + nonce + AESGCM(self._purpose_key(self._active, purpose)).encrypt(nonce, value, header)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt what was sealed for the same purpose; raises CannotUnseal."""
        if (
            len(sealed) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES
            or sealed[0] != SEALED_VERSION
            or sealed[1] not in self._keys
        ):
            raise CannotUnseal()
        header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        key = self._purpose_key(sealed[1], purpose)
        try:
            return AESGCM(key).decrypt(nonce, sealed[HEADER_BYTES + NONCE_BYTES :], header)
        except InvalidTag:
            raise CannotUnseal() from None

    def card_key(self, purpose: str, uid: bytes) -> bytes:
        """The access key of one card's sectors: diversified by purpose and card, the same for ever."""
        info = CARD_LABEL + len(purpose.encode()).to_bytes(1, "big") + purpose.encode() + uid
        return _hkdf(self._card_root, info, CARD_KEY_BYTES)

    def tag(self, purpose: str, value: bytes) -> bytes:
        """Proves to ourselves, later, that we saw this value: 16 bytes of HMAC-SHA256, while this key is active."""
        key = _hkdf(self._keys[self._active], TAG_LABEL + purpose.encode(), KEY_BYTES)
        return hmac.digest(key, value, "sha256")[:TAG_BYTES]

    def _purpose_key(self, number: int, purpose: str) -> bytes:
        return _hkdf(self._keys[number], SEAL_LABEL + purpose.encode(), KEY_BYTES)


def _hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)


def _write_new(path: Path) -> None:
    """A half-written keyring would lose every secret sealed later; one that another process just made stays."""
    content = {
        "version": FILE_VERSION,
        "active": 1,
        "keys": {"1": secrets.token_hex(KEY_BYTES)},
        "card_root": secrets.token_hex(KEY_BYTES),
    }
    private_file.write_new(path, json.dumps(content).encode())
