"""A GSM modem on a serial port: any that speaks 3GPP TS 27.005 in PDU mode (the SIM800 of the machines, too).

One thread owns the port. It sends what the worker hands over, and reads the modem's memory when the modem says that
something came, and now and then besides. An SMS is deleted only after it is stored; parts of a longer one stay there
until all have come, so nothing is lost when the back office restarts in between.
"""

import queue
import time
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import ClassVar

from gsm import listing, pdu
from gsm.errors import PduError

from backoffice import logs
from backoffice.errors import SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.sms.at_port import AtPort, ModemRefused
from backoffice.sms.memory import Memory, Report, as_report
from backoffice.sms.modem_setup import Dialect, set_up
from backoffice.sms.notice import Notice
from backoffice.sms.platform import Inbox
from backoffice.sms.sim_pin import SimPin
from backoffice.supervision import Worker

log = logs.get(__name__)

SUBMIT_TIMEOUT_S = 60.0
"""TS 27.005 names no bound; SIM800 Series AT Command Manual 4.2.5: 60 s."""
SEND_TIMEOUT_S = 300.0
SEND_QUEUE_MAX = 8
SWEEP_S = 60.0
REOPEN_S = 5.0
STOP_TIMEOUT_S = 10.0
SILENT_MAX_S = 3600.0
"""A thread that has gone round for nothing for so long hangs. A round may hand in a whole memory to a slow database."""
REPORTS_KEPT = 32
AWAY_TOLD_AFTER = 3
"""So many attempts at the modem fail in a row before a person is told."""
AWAY = "modem"
NEVER = {1, 8, 10, 21, 28, 29, 50, 69, 127, 304, 305}
"""+CMS ERROR numbers (TS 24.011 E.2, TS 27.005 3.2.5) that this message would meet again."""
MEMORY_FULL = 322
SOMETHING_CAME = (b"+CMTI:", b"+CDSI:")
FULL = (b"^SMMEMFULL", b'+CIEV: "SMSFULL"', b'+CIEV: "smsfull"')
STARTED_ANEW = (b"RDY", b"^SYSSTART", b"*ATREADY", b"+CPIN: SIM PIN")
"""What modems say when they have restarted by themselves: nothing of what was set is so any more."""


@dataclass
class Job:
    """One message to send."""

    number: str
    data: bytes
    reference: int
    sent: "Future[str]" = field(default_factory=Future)


@dataclass
class Desk:
    """What those who hand over and the thread that owns the port share."""

    worker: Worker
    jobs: "queue.Queue[Job]" = field(default_factory=lambda: queue.Queue(SEND_QUEUE_MAX))
    stop: Event = field(default_factory=Event)
    ready: Event = field(default_factory=Event)
    away: int = 0
    """Failed attempts in a row."""
    away_notice: Notice = field(default_factory=lambda: Notice(AWAY))
    reports: deque[Report] = field(default_factory=lambda: deque(maxlen=REPORTS_KEPT))
    """Of messages that nobody knew so far."""


class ModemPlatform:
    """The modem, opened anew as often as it goes away."""

    name: ClassVar[str] = "modem"

    def __init__(self, url: str, baud: int, pin: SimPin, worker: Worker) -> None:
        self._url = url
        self._baud = baud
        self._pin = pin
        self._desk = Desk(worker)
        self._thread: Thread | None = None

    @property
    def ready(self) -> Event:
        """Set while the modem takes messages."""
        return self._desk.ready

    def start(self, inbox: Inbox) -> None:
        """See Platform."""
        self._thread = self._desk.worker.start_thread(lambda: self._run(inbox), self._desk.stop)

    def send(self, number: str, data: bytes, reference: int) -> str | None:
        """See Platform. The modem's number of the message is its parts' references: ``7`` or ``7-8``."""
        job = Job(number, data, reference)
        if not self._desk.ready.is_set():
            raise SmsPlatformUnreachable("the modem is not ready")
        try:
            self._desk.jobs.put_nowait(job)
            return job.sent.result(SEND_TIMEOUT_S)
        except (queue.Full, NotInTime):
            job.sent.cancel()
            raise SmsPlatformUnreachable("the modem is busy") from None

    def close(self) -> None:
        """See Platform."""
        self._desk.stop.set()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)

    # The thread.

    def _run(self, inbox: Inbox) -> None:
        while not self._desk.stop.is_set():
            try:
                self._use(AtPort(self._url, self._baud), inbox)
            except (SmsPlatformUnreachable, ModemRefused) as error:
                log.warning("sms_modem_away", reason=str(error))
                self._note_away(inbox, str(error))
            finally:
                self._desk.ready.clear()
                self._fail_waiting()
            with self._desk.worker.round():
                self._desk.stop.wait(REOPEN_S)

    def _use(self, port: AtPort, inbox: Inbox) -> None:
        try:
            _Session(self._desk, port, set_up(port, self._pin), inbox).serve()
        finally:
            port.close()

    def _note_away(self, inbox: Inbox, reason: str) -> None:
        self._desk.away += 1
        if self._desk.away >= AWAY_TOLD_AFTER:
            self._desk.away_notice.say(inbox, reason)

    def _fail_waiting(self) -> None:
        while True:
            try:
                job = self._desk.jobs.get_nowait()
            except queue.Empty:
                return
            if job.sent.set_running_or_notify_cancel():
                job.sent.set_exception(SmsPlatformUnreachable("the modem went away"))


class _Session:
    """From a modem that is ready until it goes away."""

    def __init__(self, desk: Desk, port: AtPort, dialect: Dialect, inbox: Inbox) -> None:
        self._desk = desk
        self._port = port
        self._dialect = dialect
        self._inbox = inbox
        self._memory = Memory(port, dialect.memories, inbox, desk.worker)
        self._full = False

    def serve(self) -> None:
        """Until it is told to stop, or the modem goes away."""
        self._forget_the_start()
        self._desk.ready.set()
        swept_at_s = -SWEEP_S
        while not self._desk.stop.is_set():
            with self._desk.worker.round():
                self._send_next()
                self._port.listen()
                if self._heed() or self._full or time.monotonic() - swept_at_s >= SWEEP_S:
                    self._sweep()
                    swept_at_s = time.monotonic()

    def _forget_the_start(self) -> None:
        """What the modem said of its start before it was set up."""
        kept = [urc for urc in self._port.urcs if not urc[0].startswith(STARTED_ANEW)]
        self._port.urcs.clear()
        self._port.urcs.extend(kept)

    def _sweep(self) -> None:
        full, self._full = self._full, False
        self._desk.reports.extend(self._memory.sweep(full=full))
        self._hand_in_reports()
        self._note_well()

    def _note_well(self) -> None:
        """It let its memory be read: now it can be used in both directions."""
        self._desk.away = 0
        self._desk.away_notice.say(self._inbox, "")

    # Out.

    def _send_next(self) -> None:
        try:
            job = self._desk.jobs.get_nowait()
        except queue.Empty:
            return
        if not job.sent.set_running_or_notify_cancel():
            return
        try:
            job.sent.set_result(self._submit(job))
        except ModemRefused as error:
            self._full = error.number == MEMORY_FULL
            kind = SmsPlatformRefused if error.number in NEVER else SmsPlatformUnreachable
            job.sent.set_exception(kind(f"the modem answered {error}"))
        except PduError as error:
            job.sent.set_exception(SmsPlatformRefused(f"it fits no SMS: {error.code}"))
        except SmsPlatformUnreachable as error:
            job.sent.set_exception(error)
            raise
        except BaseException as error:
            job.sent.set_exception(SmsPlatformUnreachable(f"the modem went away: {type(error).__name__}"))
            raise

    def _submit(self, job: Job) -> str:
        references = []
        wants_report = self._dialect.reports
        for content, length in pdu.encode_submit(job.number, job.data, job.reference & 0xFF, wants_report):
            answer = self._port.message(f"AT+CMGS={length}", content.hex().upper(), SUBMIT_TIMEOUT_S)
            references.append(_reference(answer))
        return "-".join(references)

    # In.

    def _heed(self) -> bool:
        """Look at what came by itself; whether the memory should be read."""
        wanted = False
        while self._port.urcs:
            line, body = self._port.urcs.popleft()
            if line.startswith(STARTED_ANEW):
                raise SmsPlatformUnreachable("the modem has started anew")
            self._full = self._full or line.startswith(FULL)
            wanted = wanted or line.startswith(SOMETHING_CAME)
            if line.startswith(b"+CDS:"):
                self._report(body)
                wanted = True
        return wanted

    def _report(self, line: bytes) -> None:
        try:
            self._desk.reports.extend(as_report(bytes.fromhex(line.decode("ascii"))))
        except (PduError, ValueError):
            log.warning("sms_report_unreadable")
        if self._dialect.acknowledge:
            self._port.takes("AT+CNMA")

    def _hand_in_reports(self) -> None:
        """One that is not taken is shown again: it may have been faster than our own note of what the modem called the
        message, or something was in the way."""
        for _ in range(len(self._desk.reports)):
            report = self._desk.reports.popleft()
            taken = False
            with self._desk.worker.one():
                taken = self._takes(*report)
            if not taken:
                self._desk.reports.append(report)

    def _takes(self, reference: str, number: str, delivered: bool, submitted_at: int) -> bool:
        return self._inbox.report(reference, number, delivered=delivered, submitted_at=submitted_at)


def _reference(answer: list[bytes]) -> str:
    for line in answer:
        if line.startswith(b"+CMGS:"):
            reference = listing.number(line[6:].split(b",")[0])
            if reference >= 0:
                return str(reference)
    raise SmsPlatformUnreachable("the modem said no reference")
