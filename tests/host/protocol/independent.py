"""The envelope and the answers as somebody else's libraries make them: pycose for COSE, cbor2 for CBOR."""

from typing import Any

import cbor2
from pycose.keys.symmetric import SymmetricKey
from pycose.messages.enc0message import Enc0Message

KID, IV, ALGORITHM, AES_CCM_16_64_128 = 4, 5, 1, 10


def opened(message: bytes, key: bytes, external_aad: bytes = b"") -> Any:
    """The payload, decoded. Below the tag: what CoseMessage.decode does with it, pycose refuses from cbor2 6 on."""
    assert message[0] == 0xC0 | Enc0Message.cbor_tag
    found = Enc0Message.from_cose_obj(cbor2.loads(message[1:]), True)
    found.key = SymmetricKey(k=key)
    found.external_aad = external_aad  # type: ignore[misc]  # pycose hides its setter from mypy
    return cbor2.loads(found.decrypt())


def unprotected(message: bytes) -> dict[int, bytes]:
    """kid and IV, unproven."""
    found: dict[int, bytes] = dict(cbor2.loads(message[1:])[1])
    return found


def sealed(payload: object, key: bytes, iv: bytes, key_id: bytes = b"", external_aad: bytes = b"") -> bytes:
    """The message."""
    header = {KID: key_id, IV: iv} if key_id else {IV: iv}
    message = Enc0Message(
        phdr={ALGORITHM: AES_CCM_16_64_128}, uhdr=header, payload=cbor2.dumps(payload), external_aad=external_aad
    )
    message.key = SymmetricKey(k=key)
    return bytes(message.encode())
