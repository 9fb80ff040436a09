"""How a sealed message reaches the back office and the answer comes back, whatever carries them.

Drawn for all of them: Wi-Fi and GPRS exchange within seconds; an SMS is at most 140 bytes, costs money, and its answer
may come minutes later or never. The message is sealed before it gets here, so a transport needs to keep no secret.

A transport named "x" is the module transport_x with make(config); its code is in memory during an exchange only.
"""

MAX_MESSAGE_BYTES = {"wifi": 4096}  # what one exchange carries: the uplink cuts its report to fit


class TransportError(Exception):
    """The message may or may not have arrived. The uplink sends it again later; the back office takes it once."""


class Transport:
    """One way to the back office."""

    name = ""
    min_interval_s = 0  # exchanges cost money on some: not more often than this, however much there is to say

    async def exchange(self, message: bytes) -> bytes:
        """Deliver the message, return the answer. Raises TransportError; never waits without bound."""
        raise NotImplementedError
