"""The PIN of the modem's SIM, and when it may be given: the third wrong one locks the SIM.

A PIN that the SIM accepts is given again whenever the modem starts anew. One that it refused is never given to that SIM
again, by this process or a later one, until somebody sets another PIN. So each try is written down before it is made,
and struck out when it was right: whoever is interrupted in between does not know, and does not try again.
"""

import json
import re
import secrets
from hashlib import scrypt
from hmac import compare_digest
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from backoffice import private_file
from backoffice.errors import BackOfficeError, SmsPlatformUnreachable, SmsSecretExposed

REFUSED_PIN_FILE = "sms-pin-refused.json"
FILE_MAX_BYTES = 16384
KEPT = 32
PIN = re.compile("[0-9]{4,8}")
SALT_BYTES = 16
FILE_VERSION = 1
Hex = Annotated[str, StringConstraints(pattern="^[0-9a-f]{2,64}$")]


class _Try(BaseModel):
    model_config = ConfigDict(extra="forbid")

    iccid: str = Field(max_length=32)
    """The SIM's number; empty where the modem does not tell it."""
    salt: Hex
    digest: Hex


class _Tries(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = FILE_VERSION
    refused: list[_Try] = Field(default_factory=list, max_length=KEPT)


def forget_refusals(secrets_path: Path) -> None:
    """A person gives the PIN: he may have set the SIM's own to it in a phone, so it may be tried again."""
    secrets_path.with_name(REFUSED_PIN_FILE).unlink(missing_ok=True)


class SimPin:
    """A PIN, or none, and the file that remembers which tries were in vain."""

    def __init__(self, pin: str, path: Path) -> None:
        self._pin = pin
        self._path = path

    def to_give(self, iccid: str) -> str:
        """The PIN, for one try, which is written down by now. Raises SmsPlatformUnreachable if it must not be tried."""
        if not PIN.fullmatch(self._pin):
            raise SmsPlatformUnreachable("the SIM asks for its PIN: perscan sms secret --sim-pin")
        tries = self._load()
        if any(self._is_of(one, iccid) for one in tries.refused):
            raise SmsPlatformUnreachable("the SIM refused this PIN before: it is not tried again until it is changed")
        salt = secrets.token_bytes(SALT_BYTES)
        noted = _Try(iccid=iccid, salt=salt.hex(), digest=_digest(self._pin, salt))
        self._store([*tries.refused[1 - KEPT :], noted])
        return self._pin

    def accepted(self, iccid: str) -> None:
        """The SIM took it."""
        tries = self._load()
        self._store([one for one in tries.refused if not self._is_of(one, iccid)])

    def _is_of(self, one: _Try, iccid: str) -> bool:
        """Whether this PIN was tried with this SIM. Where nobody knows which SIM it was, it may have been this one."""
        same_sim = one.iccid == iccid or not one.iccid or not iccid
        return same_sim and compare_digest(_digest(self._pin, bytes.fromhex(one.salt)), one.digest)

    def _load(self) -> _Tries:
        try:
            return _Tries.model_validate_json(private_file.read(self._path, FILE_MAX_BYTES, SmsSecretExposed))
        except FileNotFoundError:
            return _Tries()
        except (OSError, ValidationError, BackOfficeError) as error:
            raise SmsPlatformUnreachable(f"{self._path} cannot be read, so no PIN is tried") from error

    def _store(self, refused: list[_Try]) -> None:
        content = json.dumps(_Tries(refused=refused).model_dump(), indent=1).encode() + b"\n"
        try:
            private_file.replace(self._path, content)
        except OSError as error:
            raise SmsPlatformUnreachable(f"{self._path} cannot be written, so no PIN is tried") from error


def _digest(pin: str, salt: bytes) -> str:
    """Slow on purpose: a wrong PIN is often a mistyped right one."""
    return scrypt(pin.encode(), salt=salt, n=1 << 12, r=8, p=1, dklen=32).hex()
