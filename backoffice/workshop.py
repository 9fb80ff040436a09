"""What one running back office holds for its card desks: stations, the authority's session, running jobs.

Work at a card desk waits for people and cards, so its endpoints take no request transaction (it would hold the
database's write lock for as long): they make short ones with ``Workshop.begin``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from sqlmodel import Session

from backoffice.accounts.access import AdministratorDep, IssuerDep
from backoffice.authority.sealing import Cost
from backoffice.authority.session import AuthorityRoom
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.devices.issuer import Issuer
from backoffice.devices.stations import Station, Stations
from backoffice.models import Device

Result = TypeVar("Result")


@dataclass(frozen=True)
class RunningJob:
    """An issuing job that works now."""

    station: Station
    stop: Event
    """Set when it is to stop at the next safe point."""
    ended: Event
    """Set when its row says what became of it."""


class Workshop:
    """The parts that card work shares."""

    def __init__(self, context: Context, cost: Cost | None = None, room: AuthorityRoom | None = None) -> None:
        self.context = context
        self.cost = cost or Cost()
        self.room = room or AuthorityRoom(context.clock, context.workers.add("authority"))
        self.stations = Stations(context.workers.add("stations"))
        self.jobs: dict[int, RunningJob] = {}
        self.closing = False

    def begin(self) -> AbstractContextManager[Session]:
        """One short write transaction."""
        return transaction(self.context.engine)

    def reading(self) -> AbstractContextManager[Session]:
        """One short read transaction."""
        return transaction(self.context.engine, READ)

    def now(self) -> int:
        return self.context.clock()

    def station(self, device: Device) -> Station:
        """The station where this device stands."""
        return self.stations.at(device.id or 0, device.url)

    def close(self) -> None:
        """Stop all card work: waiting devices are told so, jobs pause, the master secret is wiped."""
        self.closing = True
        for job in list(self.jobs.values()):
            job.stop.set()
            job.station.cancel_wait()
        self.stations.close()
        self.room.close()


async def get_workshop(request: Request) -> Workshop:
    """The running back office's workshop."""
    workshop: Workshop = request.app.state.workshop
    return workshop


WorkshopDep = Annotated[Workshop, Depends(get_workshop)]


@dataclass(frozen=True)
class AtDesk:
    """For endpoints that wait for people and cards. Those that ask for it are in the desk's class of routes."""

    workshop: Workshop

    def do(self, device: Device, holder: str, work: Callable[[Issuer], Result]) -> Result:
        """Do bounded work on a device and wait for its result. Raises DeviceBusy."""
        return self.workshop.station(device).start(holder, work).result()


async def get_at_desk(workshop: WorkshopDep) -> AtDesk:
    """The way to wait at a device."""
    return AtDesk(workshop)


AtDeskDep = Annotated[AtDesk, Depends(get_at_desk)]
DeskIssuerDep = IssuerDep
"""Somebody who may issue cards."""
DeskAdministratorDep = AdministratorDep
"""Somebody who may act as the top authority."""
