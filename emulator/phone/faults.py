"""Which faults of a phone network are legal. Numbers from 0 to 1 are probabilities, drawn from the world's seed.

SMS centre: a message is delayed, lost for ever, delivered twice, overtaken by later ones; it waits while the receiver
has no coverage or no room, at most four days. "Accepted" tells nothing about any of this.

Packet data: attaching is refused; the context is taken away at any moment; a connection hangs or closes inside any
chunk; a peer that is silent accepts everything and answers nothing, which TCP notices after SILENT_PEER_S.
"""

from dataclasses import dataclass
from typing import Final

SILENT_PEER_S: Final = 645  # TCP's own patience in a SIM800


@dataclass
class SmscFaults:
    """What the SMS centre does to messages at the moment."""

    delay_s: tuple[float, float] = (2.0, 5.0)
    loss: float = 0.0
    duplication: float = 0.0
    reorder: float = 0.0  # the probability that a message is held back for up to REORDER_S
    inbox_capacity: int | None = None  # fewer places than the SIM has
    refuse_cms: int | None = None  # every submission is refused with this +CMS ERROR


@dataclass
class GprsFaults:
    """What the packet network does at the moment."""

    refuse_attach: bool = False
    silent_peer: bool = False  # connections made from now on
    latency_ms: tuple[int, int] = (300, 500)  # one way
    up_bytes_per_s: int = 3_000
    down_bytes_per_s: int = 5_000
    loss: float = 0.0  # a chunk after which the connection hangs or closes
