"""The part of kannel.conf that is about us: written with its passwords into a file that only its owner can read."""

from pathlib import Path

from gsm.pdu import MAX_PARTS

from backoffice import private_file
from backoffice.errors import AlreadyExists
from backoffice.sms.kannel import USER
from backoffice.sms.secret import SmsSecrets

RETRIES = 1000
RETRY_DELAY_S = 10


def text(secrets: SmsSecrets, callback_url: str, sendsms_port: int, bearerbox_port: int) -> str:
    """The groups smsbox, sms-service and sendsms-user. Core and SMSC are the operator's own."""
    groups: list[dict[str, str | int]] = [
        {
            "group": "smsbox",
            "bearerbox-host": "127.0.0.1",
            "bearerbox-port": bearerbox_port,
            "sendsms-port": sendsms_port,
            "sendsms-interface": "127.0.0.1",
            "log-level": 1,
            "http-request-retry": RETRIES,
            "http-queue-delay": RETRY_DELAY_S,
        },
        {
            "group": "sms-service",
            "name": secrets.kannel_in,
            "keyword": "default",
            "catch-all": "true",
            "send-sender": "true",
            "max-messages": 0,
            "post-url": f'"{callback_url.rstrip("/")}/api/v1/sms/kannel?id=%I"',
        },
        {
            "group": "sendsms-user",
            "name": USER,
            "username": USER,
            "password": secrets.kannel_out,
            "user-allow-ip": "127.0.0.1",
            "concatenation": "true",
            "max-messages": MAX_PARTS,
        },
    ]
    notes = (
        "# Written by `perscan sms kannel-config`. It holds secrets (the sms-service's name is one, the password the\n"
        "# other): mode 0600, owned by the user Kannel runs as.\n"
        "# With log-level 0 Kannel would log them; max-messages 0 keeps it from answering machines itself.\n"
    )
    return (
        notes
        + "\n"
        + "\n\n".join("\n".join(f"{name} = {value}" for name, value in group.items()) for group in groups)
        + "\n"
    )


def write(path: Path, content: str) -> None:
    """Make the file with mode 0600; raises AlreadyExists."""
    if not private_file.write_new(path, content.encode()):
        raise AlreadyExists(f"{path} exists: remove it first")
