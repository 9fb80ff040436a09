"""A report's payload, put together from parts that are encoded already, and what it will measure (law: uplink.py).

A machine makes its report in steps whose code is in memory one after the other: health (cbor.py), entries
(report_entries.py), envelope (report_seal.py). This is what the last two have in common.
"""

from protocol.cbor_head import BYTES, LIST, UNSIGNED, head

VERSION = 1  # as uplink.py, which is not in memory with this
ENVELOPE_BYTES = 36  # of a sealed report besides the payload and the length of the ciphertext
TAG_BYTES = 8  # of the ciphertext (cose_writer.py)
MACS_BYTES = 16  # before the first entry and after the last


def payload(first_seq: int, macs: bytes, stream: bytes, health: bytes) -> bytes:
    """``health`` is a CBOR map, or nothing."""
    start = head(LIST, 5 if health else 4) + head(UNSIGNED, VERSION) + head(UNSIGNED, first_seq)
    return start + head(BYTES, len(macs)) + macs + head(BYTES, len(stream)) + stream + health


def report_bytes(first_seq: int, stream_bytes: int, health_bytes: int) -> int:
    """Size of the report, sealed."""
    lengths = len(head(UNSIGNED, first_seq)) + len(head(BYTES, stream_bytes))
    return sealed_bytes(3 + lengths + MACS_BYTES + stream_bytes + health_bytes)


def sealed_bytes(payload_bytes: int, envelope_bytes: int = ENVELOPE_BYTES) -> int:
    """Size of a sealed report (or answer, or push) on the wire."""
    ciphertext = payload_bytes + TAG_BYTES
    return envelope_bytes + payload_bytes + (1 if ciphertext < 24 else 2 if ciphertext < 256 else 3)
