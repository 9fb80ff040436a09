"""What one running back office holds, made once by ``create_app`` and handed to requests by ``backoffice.deps``."""

from collections.abc import Callable
from dataclasses import dataclass, field

from anyio import CapacityLimiter
from sqlalchemy import Engine

from backoffice.accounts.setup import SetupToken
from backoffice.accounts.throttle import Throttle
from backoffice.clock import Clock
from backoffice.db import Database
from backoffice.events.broker import Broker
from backoffice.hashing import HashingLine
from backoffice.health.pulse import Pulse
from backoffice.ingest.service import Ingest
from backoffice.keyring import Keyring
from backoffice.settings import Settings
from backoffice.sms.gateway import SmsGateway
from backoffice.supervision import Workers

FILE_MAKERS = 2


@dataclass
class Context:
    """The parts that requests share."""

    settings: Settings
    database: Database
    keyring: Keyring
    clock: Clock
    broker: Broker
    ingest: Ingest
    sms: SmsGateway
    workers: Workers
    throttle: Throttle = field(default_factory=Throttle)
    setup_token: SetupToken = field(default_factory=SetupToken)
    file_makers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(FILE_MAKERS))
    """Whoever makes a piece of a long file: between two pieces it holds none of them."""
    honour: Callable[[str], None] = lambda _client: None
    """Told from which client something genuine and new came; whoever holds the connections sets it."""
    hashing: HashingLine = field(init=False)
    pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        self.hashing = HashingLine(self.workers.add("hashing"))
        self.pulse = Pulse(self.database.health, self.workers.add("pulse"))

    @property
    def engine(self) -> Engine:
        """The connections of requests."""
        return self.database.requests

    def close(self) -> None:
        """Store what waits and let everything go."""
        self.hashing.close()
        self.sms.close()
        self.broker.close()
        self.ingest.writer.stop()
        self.pulse.close()
        self.database.close()
