"""What one running back office holds, made once by ``create_app`` and handed to requests by ``backoffice.deps``."""

from dataclasses import dataclass, field

from sqlalchemy import Engine

from backoffice.accounts.setup import SetupToken
from backoffice.accounts.throttle import Throttle
from backoffice.clock import Clock
from backoffice.events.broker import Broker
from backoffice.ingest.service import Ingest
from backoffice.keyring import Keyring
from backoffice.settings import Settings
from backoffice.sms.gateway import SmsGateway


@dataclass
class Context:
    """The parts that requests share."""

    settings: Settings
    engine: Engine
    keyring: Keyring
    clock: Clock
    broker: Broker
    ingest: Ingest
    sms: SmsGateway
    throttle: Throttle = field(default_factory=Throttle)
    setup_token: SetupToken = field(default_factory=SetupToken)

    def close(self) -> None:
        """Store what waits and let everything go."""
        self.sms.close()
        self.broker.close()
        self.ingest.writer.stop()
        self.engine.dispose()
