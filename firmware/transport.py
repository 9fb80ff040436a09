"""How a sealed message reaches the back office and the answer comes back, whatever carries them.

Wi-Fi and GPRS exchange within seconds, several messages on one connection. An SMS is at most 140 bytes, costs money,
and its answer comes minutes later or never. The message is sealed before it gets here, so a transport needs to keep no
secret; TLS below it hides who reports, and when, from the clinic's network.

A transport named "x" is the module ready_x with ready(uplink), which gets into the network, and the module transport_x
with make(uplink); their code is in memory while it is used only, one after the other.
"""

SEALED = "application/cose"


class TransportError(Exception):
    """The message may or may not have arrived. The uplink sends it again later; the back office takes it once."""

    def __init__(self, reason: str, detail: str = "", until_ms: int = 0) -> None:
        """``reason`` is one of protocol.links.REASONS; no use to try again before the uptime ``until_ms``."""
        super().__init__(reason + ": " + detail if detail else reason)
        self.reason = reason
        self.until_ms = until_ms


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Transport(Protocol):
        """One way to the back office. Nothing here waits without bound; all of it raises TransportError."""

        async def exchange(self, message: bytes) -> bytes:
            """Deliver the message, return the answer. By SMS: hand it over and return nothing, which says nothing
            about whether it will arrive."""

        async def close(self) -> None:
            """End the connection, politely and within bounds. The network is kept. Never raises."""

        def drop(self) -> None:
            """The same at once, without a word to anybody."""
