"""Every error that `protocol` raises. Codes are stable texts that a person can look up in docs/errors.md."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.chain_errors import ALL as ALL
    from protocol.chain_errors import Expired as Expired
    from protocol.chain_errors import NotInChain as NotInChain
    from protocol.chain_errors import OtherInstitution as OtherInstitution
    from protocol.chain_errors import OtherMachine as OtherMachine


class ProtocolError(Exception):
    """Root of the tree: any input that is not what it should be ends here, and nowhere else."""

    code = "malformed"


class Malformed(ProtocolError):
    """The bytes do not follow the format: cut short, trailing bytes, a wrong type, a value that must not be there."""

    code = "malformed"


class TooLong(ProtocolError):
    """The input, a part of it, or its nesting is larger than the format's bound."""

    code = "too_long"


class UnknownVersion(ProtocolError):
    """The format's version number is newer than this program."""

    code = "unknown_version"


class UnknownKind(ProtocolError):
    """A record, entry, command or algorithm of a kind that this program does not know, or not the expected one."""

    code = "unknown_kind"


class BadTag(ProtocolError):
    """An authentication tag (MAC, AEAD) does not match: altered bytes or another key."""

    code = "bad_tag"


class BadSignature(ProtocolError):
    """A signature does not verify: altered bytes, another signer, or numbers outside the valid range."""

    code = "bad_signature"


class BadKey(ProtocolError):
    """A key has the wrong length or is no point of the curve."""

    code = "bad_key"


class BadChecksum(ProtocolError):
    """A host-link line's checksum is wrong, or missing although the device requires it."""

    code = "bad_checksum"


class OutOfRange(ProtocolError):
    """A number does not fit its field, or a credit lies outside the range that was signed for it."""

    code = "out_of_range"


def __getattr__(name: str) -> "Any":
    """What can be wrong with a chain of certificates is another file, in memory while one is verified."""
    from protocol import chain_errors

    if name[0] != "_" and hasattr(chain_errors, name):
        return getattr(chain_errors, name)
    raise AttributeError(name)
