"""The time that the ingest writer counts with: the server's clock, held against what was believed and machines show."""

from collections.abc import Sequence

from sqlalchemy import Engine
from sqlmodel import Session

from backoffice import logs
from backoffice.clock import Clock
from backoffice.db import READ, transaction
from backoffice.events.broker import Broker
from backoffice.ingest.incoming import Incoming
from backoffice.timekeeping import service as timekeeping
from backoffice.timekeeping.rule import EARLIEST_TIME, Believed, believe, shown_by

log = logs.get(__name__)

MACHINES_REMEMBERED = 4096


class ServerTime:
    """What the writer believes, and which machines have shown a later time. For one thread."""

    def __init__(self, engine: Engine, broker: Broker, clock: Clock) -> None:
        self._engine = engine
        self._broker = broker
        self._clock = clock
        self._shown: dict[int, int] = {}
        self._newest = 0
        self._told: bool | None = None
        """What people were told last: whether the clock is believed."""

    def look(self, session: Session, incomings: Sequence[Incoming]) -> Believed:
        """The time for these reports, in their transaction."""
        clock = self._clock()
        try:
            believed = timekeeping.look(session, clock, self._witnesses(incomings))
            if believed.sure != self._told:
                timekeeping.tell(session, self._broker, clock, believed)
        except Exception as error:
            log.error("believed_time_not_kept", exc_info=error)
            return believe(clock, self._newest)
        self._told, self._newest = believed.sure, max(believed.now, EARLIEST_TIME)
        if believed.sure:
            self._shown.clear()
        return believed

    def alone(self) -> Believed:
        """The time where nothing may fail: what the database believes, or what this process believed last."""
        clock = self._clock()
        try:
            with transaction(self._engine, READ) as session:
                return timekeeping.ask(session, clock)
        except Exception as error:
            log.error("believed_time_not_read", exc_info=error)
            return believe(clock, self._newest)

    def _witnesses(self, incomings: Sequence[Incoming]) -> dict[int, int]:
        """The latest sure time of each machine that reported since the clock is in doubt."""
        if self._told is not True or self._clock() < self._newest:
            for incoming in incomings:
                if len(self._shown) < MACHINES_REMEMBERED or incoming.machine_id in self._shown:
                    shown = shown_by(incoming.entries)
                    self._shown[incoming.machine_id] = max(shown, self._shown.get(incoming.machine_id, 0))
        return self._shown
