"""What can be wrong with a chain of certificates, and the list of all errors (errors.py)."""

from protocol.errors import (
    BadChecksum,
    BadKey,
    BadSignature,
    BadTag,
    Malformed,
    OutOfRange,
    ProtocolError,
    TooLong,
    UnknownKind,
    UnknownVersion,
)


class Expired(ProtocolError):
    """A certificate's expiry has passed and the clock is trusted."""

    code = "expired"


class NotInChain(ProtocolError):
    """A certificate names another parent than the one it came with."""

    code = "not_in_chain"


class OtherMachine(ProtocolError):
    """The batch is bound to another machine, or to this machine before it was provisioned anew."""

    code = "other_machine"


class OtherInstitution(ProtocolError):
    """The batch belongs to another institution."""

    code = "other_institution"


ALL = (
    Malformed,
    TooLong,
    UnknownVersion,
    UnknownKind,
    BadTag,
    BadSignature,
    BadKey,
    BadChecksum,
    OutOfRange,
    Expired,
    NotInChain,
    OtherMachine,
    OtherInstitution,
)
