"""What TLS needs to begin, or to say why it did not; in memory for that moment only."""

import tls

from tls_pipe.errors import TlsError

# Few, so that the hello is short; with forward secrecy. P-256 is ours, RSA is for a server that somebody else runs.
_CIPHERS = ("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256")
# What mbedtls says of a certificate, worst first.
_COMPLAINTS = (
    ("not correctly signed", "bad_certificate"),
    ("does not match", "wrong_name"),
    ("expired", "expired"),
    ("future", "not_yet_valid"),
)


def wrapped(stream: "Gate", server_name: str, ca_der: bytes) -> "SslSocket":
    """A client's end over the stream, which demands a certificate of that CA for that name."""
    if not ca_der or not server_name:
        raise TlsError("bad_certificate", "no CA or no name to hold the server against")
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]
    try:
        context.set_ciphers(_CIPHERS)
        context.load_verify_locations(ca_der)
        socket: SslSocket = context.wrap_socket(stream, server_hostname=server_name, do_handshake_on_connect=False)
    except ValueError:
        raise TlsError("bad_certificate", "the CA is no certificate") from None
    except OSError as error:
        raise TlsError("handshake", repr(error)) from None
    return socket


def complaint(words: str) -> TlsError:
    """The error for what mbedtls says of a certificate."""
    for part, code in _COMPLAINTS:
        if part in words:
            return TlsError(code, words)
    return TlsError("bad_certificate", words)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.client import Gate, SslSocket
