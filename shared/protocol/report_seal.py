"""The last step of a report (report_payload.py): everything is encoded, and goes into its envelope."""

from protocol import cose_writer, keys
from protocol.mac import hmac_sha256
from protocol.report_payload import payload


def sealed_report(
    machine_key: bytes, machine_id: int, first_seq: int, macs: bytes, stream: bytes, health: bytes
) -> bytes:
    """``stream``: the entries; ``health``: a CBOR map, or nothing."""
    return sealed(machine_key, machine_id, payload(first_seq, macs, stream, health))


def sealed(machine_key: bytes, machine_id: int, content: bytes) -> bytes:
    # A nonce made of the payload: it can only repeat for the same payload, even if the flash is set back.
    iv = hmac_sha256(keys.nonce_key(machine_key), content)[: cose_writer.IV_BYTES]
    return cose_writer.seal(keys.uplink_key(machine_key), keys.u32(machine_id), iv, content)
