"""One worker thread per device, and one user at a time on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Condition, Lock
from typing import TypeVar

from sqlalchemy.exc import DatabaseError

from backoffice.devices.issuer import Issuer
from backoffice.errors import BackOfficeError, DeviceBusy, Unavailable
from backoffice.supervision import Worker
from client.errors import HostLinkError
from client.link import HostLink

Result = TypeVar("Result")
STATIONS_MAX = 64
RELEASE_PATIENCE_S = 2.0
"""Work that has just told its result still has a port to close: so long a newcomer waits before hearing "busy"."""

CONNECT_ATTEMPTS = 2


class Station:
    """The desk at which one device stands. Who works on it holds it; the port is open only while work is done."""

    def __init__(self, url: str, worker: Worker) -> None:
        self.url = url
        self.holder = ""
        self._worker = worker
        self._free = Condition()
        self._issuer: Issuer | None = None
        self._thread = worker.make_pool(1, f"station {url}")

    @contextmanager
    def claim(self, holder: str) -> Iterator["Claim"]:
        """Hold the device from now on; work may then be submitted once. Raises DeviceBusy when somebody holds it."""
        with self._free:
            if not self._free.wait_for(lambda: not self.holder, RELEASE_PATIENCE_S):
                raise DeviceBusy(f"{self.holder} is working with this device", holder=self.holder)
            self.holder = holder
        claim = Claim(self)
        try:
            yield claim
        finally:
            if not claim.submitted:
                self.release()

    def start(self, holder: str, work: Callable[[Issuer], Result]) -> Future[Result]:
        """Do the work in this device's thread. Raises DeviceBusy."""
        with self.claim(holder) as claim:
            return claim.submit(work)

    def submit(self, work: Callable[[Issuer], Result]) -> Future[Result]:
        """For the holder of a claim."""
        return self._thread.submit(self._run, work)

    def release(self) -> None:
        """The device is free again."""
        with self._free:
            self.holder = ""
            self._free.notify()

    def cancel_wait(self) -> None:
        """End the device's wait for a card, if it is waiting."""
        issuer = self._issuer
        if issuer is not None and issuer.waiting:
            with suppress(HostLinkError):  # a port that is gone waits for nothing
                issuer.link.cancel()

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _run(self, work: Callable[[Issuer], Result]) -> Result:
        try:
            with (
                self._worker.handed(BackOfficeError, HostLinkError, DatabaseError),
                HostLink(self.url, connect_attempts=CONNECT_ATTEMPTS) as link,
            ):
                self._issuer = Issuer(link)
                return work(self._issuer)
        finally:
            self._issuer = None
            self.release()


class Claim:
    """A station that is held for one piece of work."""

    def __init__(self, station: Station) -> None:
        self.submitted = False
        self._station = station

    def submit(self, work: Callable[[Issuer], Result]) -> Future[Result]:
        """Do the work in the device's thread; the device is free when it ends."""
        future = self._station.submit(work)
        self.submitted = True
        return future


class Stations:
    """Every station of this process, made when it is first used."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._by_device: dict[int, Station] = {}
        self._lock = Lock()
        self._closed = False

    def at(self, device_id: int, url: str) -> Station:
        """The station of a device; a new one when its port was changed."""
        with self._lock:
            if self._closed or len(self._by_device) >= STATIONS_MAX:
                raise Unavailable("no more devices can be driven now")
            station = self._by_device.get(device_id)
            if station is not None and station.url != url:
                if station.holder:
                    raise DeviceBusy(f"{station.holder} is working with this device", holder=station.holder)
                station.close()
                station = None
            if station is None:
                station = self._by_device[device_id] = Station(url, self.worker)
            return station

    def holders(self) -> dict[int, str]:
        """Who works with which device now."""
        with self._lock:
            return {device_id: station.holder for device_id, station in self._by_device.items() if station.holder}

    def close(self) -> None:
        """Wait for the work under way; the caller has asked it to stop."""
        with self._lock:
            self._closed = True
            stations = list(self._by_device.values())
        for station in stations:
            station.cancel_wait()
        for station in stations:
            station.close()
