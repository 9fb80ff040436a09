"""How long a machine waits for what, and when it tries again: the firmware's own figures, in real seconds
(`tests/host/load/test_patience.py` compares them with its source). Where each stands is named.
"""

import random
from dataclasses import dataclass
from typing import Final

CONNECT_MS: Final = 15_000
"""transport_wifi.py"""
EXCHANGE_MS: Final = 60_000
"""server_transport.py"""
GATHER_MS: Final = 500
"""uplink.py: entries of one exam come together."""
EXCHANGES_MAX: Final = 64
"""uplink_round.py: in one round."""
BACKOFF_MIN_MS: Final = 5_000
BACKOFF_MAX_MS: Final = 900_000
DOUBLINGS_MAX: Final = 8
"""links.py, as the two before: the pause doubles with each failure, and half of it is random."""


@dataclass
class Patience:
    """Of a machine with one link: what `links.Choice` makes of failures when there is no other link to turn to."""

    random: random.Random
    failures: int = 0

    def worked(self) -> None:
        """An answer came."""
        self.failures = 0

    def pause_s(self) -> float:
        """After one more failure: how long until the next attempt."""
        self.failures += 1
        pause_ms = min(BACKOFF_MIN_MS << min(self.failures - 1, DOUBLINGS_MAX), BACKOFF_MAX_MS)
        return (pause_ms // 2 + self.random.randint(0, pause_ms // 2)) / 1000
