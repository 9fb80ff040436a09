"""One SMS as a platform hands it in, and what makes two hand-ins the same.

An SMS is its sender, its content, and a mark that tells apart two of the same content, which a machine without an
answer sends: the time stamp that the phone network's centre put on it, where the platform tells it; else the platform's
own number. That number alone identifies nothing: platforms are set up anew and begin at 1, and some say 1 every time.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256


@dataclass(frozen=True)
class HandedIn:
    """A hand-in. ``sent_at``: the centre's time stamp in Unix seconds, if the platform tells it."""

    provider_id: str
    sender: str
    data: bytes
    sent_at: int | None = None

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the content."""
        return sha256(self.data).digest()

    @cached_property
    def identity(self) -> bytes:
        """The same for the same SMS."""
        return identity_of(self.sender, self.digest, self.provider_id, self.sent_at)


def identity_of(sender: str, digest: bytes, provider_id: str, sent_at: int | None) -> bytes:
    """32 bytes. They stand in rows (those of before, by migration 0009): never to be changed without a migration."""
    mark = f"number {provider_id}" if sent_at is None else f"time {sent_at}"
    parts = (sender.lstrip("+").encode(), mark.encode(), digest)
    return sha256(b"".join(len(part).to_bytes(2, "big") + part for part in parts)).digest()
