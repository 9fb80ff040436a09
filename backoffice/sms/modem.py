"""A GSM modem on a serial port: any that speaks 3GPP TS 27.005 in PDU mode (the SIM800 of the machines, too).

One thread owns the port. It sends what the worker hands over, and reads the SIM's memory when the modem says that
something came, and now and then besides. An SMS is deleted from the SIM only after it is stored; parts of a longer one
stay there until all have come, so nothing is lost when the back office restarts in between.
"""

import hashlib
import queue
import time
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event, Thread
from typing import ClassVar

from gsm import pdu
from gsm.errors import PduError

from backoffice import logs
from backoffice.errors import SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.sms.at_port import AtPort, ModemRefused
from backoffice.sms.platform import Inbox

log = logs.get(__name__)

SYNC_ATTEMPTS = 5
SYNC_TIMEOUT_S = 1.0
SUBMIT_TIMEOUT_S = 60.0
"""TS 27.005 names no bound; SIM800 Series AT Command Manual 4.2.5: 60 s."""
SEND_TIMEOUT_S = 300.0
SEND_QUEUE_MAX = 8
SWEEP_S = 60.0
LIST_TIMEOUT_S = 20.0
REOPEN_S = 5.0
STOP_TIMEOUT_S = 10.0
PART_KEPT_S = 86400
REPORTS_KEPT = 32
NEVER = {1, 8, 10, 21, 28, 29, 50, 69, 127, 304, 305}
"""+CMS ERROR numbers (TS 24.011 E.2, TS 27.005 3.2.5) that this message would meet again."""
SETUP = ("ATE0", "AT+CMEE=1", "AT+CMGF=0", "AT+CNMI=2,1,0,1,0")
STATUS_REPORT_TYPE, TYPE_MASK = 2, 3


@dataclass
class Job:
    """One message to send."""

    number: str
    data: bytes
    reference: int
    sent: "Future[str]" = field(default_factory=Future)


@dataclass(frozen=True)
class Stored:
    """One SMS in the SIM's memory."""

    place: int
    message: pdu.Deliver

    @property
    def key(self) -> tuple[int, str, int, int]:
        """Which one it is, for as long as it lies there."""
        return self.place, self.message.sender, self.message.reference, self.message.part


class ModemPlatform:
    """The modem, opened anew as often as it goes away."""

    name: ClassVar[str] = "modem"

    def __init__(self, url: str, baud: int, pin: str) -> None:
        self._url = url
        self._baud = baud
        self._pin = pin
        self._pin_tried = False
        self._jobs: queue.Queue[Job] = queue.Queue(SEND_QUEUE_MAX)
        self._stop = Event()
        self._ready = Event()
        self._thread: Thread | None = None
        self._inbox: Inbox | None = None
        self._first_seen: dict[tuple[int, str, int, int], float] = {}
        """Parts that wait for others, and since when."""
        self._reports: deque[tuple[str, str, bool]] = deque(maxlen=REPORTS_KEPT)
        """(the modem's number of a message, to whom, delivered) that nobody knew so far."""

    def start(self, inbox: Inbox) -> None:
        """See Platform."""
        self._inbox = inbox
        self._thread = Thread(target=self._run, name="sms-modem", daemon=True)
        self._thread.start()

    def send(self, number: str, data: bytes, reference: int) -> str | None:
        """See Platform. The modem's number of the message is its parts' references: ``7`` or ``7-8``."""
        job = Job(number, data, reference)
        if not self._ready.is_set():
            raise SmsPlatformUnreachable("the modem is not ready")
        try:
            self._jobs.put_nowait(job)
            return job.sent.result(SEND_TIMEOUT_S)
        except (queue.Full, NotInTime):
            job.sent.cancel()
            raise SmsPlatformUnreachable("the modem is busy") from None

    def close(self) -> None:
        """See Platform."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)

    # The thread.

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                port = AtPort(self._url, self._baud)
            except SmsPlatformUnreachable as error:
                log.warning("sms_modem_unreachable", code=error.code, reason=error.message)
            else:
                self._use(port)
            self._ready.clear()
            self._fail_waiting()
            self._stop.wait(REOPEN_S)

    def _use(self, port: AtPort) -> None:
        try:
            self._set_up(port)
            self._ready.set()
            self._serve(port)
        except (SmsPlatformUnreachable, ModemRefused) as error:
            log.warning("sms_modem_lost", reason=str(error))
        finally:
            port.close()

    def _set_up(self, port: AtPort) -> None:
        _synchronise(port)
        self._unlock(port)
        for command in SETUP:
            port.command(command)

    def _unlock(self, port: AtPort) -> None:
        """A PIN is tried once: the third wrong one locks the SIM."""
        state = b"".join(port.command("AT+CPIN?"))
        if b"READY" in state:
            return
        if b"SIM PIN" not in state or not self._pin or self._pin_tried:
            raise SmsPlatformUnreachable(f"the SIM is locked: {state.decode('latin-1')}")
        self._pin_tried = True
        port.command(f'AT+CPIN="{self._pin}"')

    def _serve(self, port: AtPort) -> None:
        swept_at = -SWEEP_S
        while not self._stop.is_set():
            self._send_next(port)
            port.listen()
            if self._heed(port) or time.monotonic() - swept_at >= SWEEP_S:
                self._sweep(port)
                self._hand_in_reports()
                swept_at = time.monotonic()

    def _fail_waiting(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job.sent.set_running_or_notify_cancel():
                job.sent.set_exception(SmsPlatformUnreachable("the modem went away"))

    # Out.

    def _send_next(self, port: AtPort) -> None:
        try:
            job = self._jobs.get_nowait()
        except queue.Empty:
            return
        if not job.sent.set_running_or_notify_cancel():
            return
        try:
            job.sent.set_result(_submit(port, job))
        except ModemRefused as error:
            kind = SmsPlatformRefused if error.number in NEVER else SmsPlatformUnreachable
            job.sent.set_exception(kind(f"the modem answered {error}"))
        except PduError as error:
            job.sent.set_exception(SmsPlatformRefused(f"it fits no SMS: {error.code}"))
        except SmsPlatformUnreachable as error:
            job.sent.set_exception(error)
            raise

    # In.

    def _heed(self, port: AtPort) -> bool:
        """Look at what came by itself; whether the memory should be read."""
        wanted = False
        while port.urcs:
            line, body = port.urcs.popleft()
            wanted = wanted or line.startswith((b"+CMTI:", b"+CDSI:"))
            if line.startswith(b"+CDS:"):
                self._report(body)
                wanted = True
        return wanted

    def _report(self, line: bytes) -> None:
        try:
            report = pdu.decode_status_report(bytes.fromhex(line.decode("ascii")))
        except (PduError, ValueError):
            log.warning("sms_report_unreadable")
            return
        if not report.temporary:
            self._reports.append((str(report.reference), report.number, report.delivered))

    def _hand_in_reports(self) -> None:
        """A report may be faster than our own note of what the modem called the message: then it is shown again."""
        waiting = list(self._reports)
        self._reports.clear()
        for reference, number, delivered in waiting:
            if self._inbox is not None and not self._inbox.report(reference, number, delivered=delivered):
                self._reports.append((reference, number, delivered))

    def _sweep(self, port: AtPort) -> None:
        """Hand in everything in the memory, and delete what was taken."""
        whole: dict[tuple[str, int, int, int], dict[int, Stored]] = {}
        incomplete: list[Stored] = []
        for place, content in _listed(port.command("AT+CMGL=4", LIST_TIMEOUT_S)):
            stored = self._read(port, place, content)
            if stored is not None:
                message = stored.message
                key = (message.sender, message.reference, message.parts, place if message.parts == 1 else 0)
                whole.setdefault(key, {})[message.part] = stored
        for (sender, _reference, parts, _place), pieces in whole.items():
            if len(pieces) == parts:
                self._hand_in(port, sender, [pieces[part] for part in sorted(pieces)])
            else:
                incomplete += pieces.values()
        self._drop_old(port, incomplete)

    def _drop_old(self, port: AtPort, pieces: list[Stored]) -> None:
        """Parts whose others do not come any more would fill the memory. By our clock: the network's may be wrong."""
        now = time.monotonic()
        self._first_seen = {piece.key: self._first_seen.get(piece.key, now) for piece in pieces}
        for piece in pieces:
            if now - self._first_seen[piece.key] > PART_KEPT_S:
                port.command(f"AT+CMGD={piece.place}")

    def _read(self, port: AtPort, place: int, content: bytes) -> Stored | None:
        try:
            octets = bytes.fromhex(content.decode("ascii"))
            if _kind(octets) == STATUS_REPORT_TYPE:
                self._report(content)
            else:
                return Stored(place, pdu.decode_deliver(octets))
        except (PduError, ValueError):
            log.warning("sms_unreadable", place=place)
        port.command(f"AT+CMGD={place}")
        return None

    def _hand_in(self, port: AtPort, sender: str, pieces: list[Stored]) -> None:
        messages = [piece.message for piece in pieces]
        data = b"".join(message.data for message in messages) or "".join(m.text or "" for m in messages).encode()
        sent_at = min(message.time for message in messages)
        number = hashlib.sha256(f"{sender}/{sent_at}/".encode() + data).hexdigest()[:32]
        if self._inbox is not None and self._inbox.take(number, sender, data):
            for piece in pieces:
                port.command(f"AT+CMGD={piece.place}")


def _synchronise(port: AtPort) -> None:
    """Until it answers: a modem with automatic baud rate needs a few tries (SIM800 manual 2.2.34)."""
    for attempt in range(SYNC_ATTEMPTS):
        try:
            port.command("AT", SYNC_TIMEOUT_S)
            return
        except SmsPlatformUnreachable:
            if attempt == SYNC_ATTEMPTS - 1:
                raise


def _submit(port: AtPort, job: Job) -> str:
    references = []
    for content, length in pdu.encode_submit(job.number, job.data, job.reference & 0xFF, status_report=True):
        answer = port.message(f"AT+CMGS={length}", content.hex().upper(), SUBMIT_TIMEOUT_S)
        references.append(_reference(answer))
    return "-".join(references)


def _reference(answer: list[bytes]) -> str:
    for line in answer:
        if line.startswith(b"+CMGS:"):
            return line[6:].split(b",")[0].strip().decode("latin-1")
    raise SmsPlatformUnreachable("the modem said no reference")


def _listed(answer: list[bytes]) -> list[tuple[int, bytes]]:
    """(place, PDU's digits) of each ``+CMGL: place,state,,length`` with the line below it."""
    found = []
    for line, below in pairwise(answer):
        place = line[6:].split(b",")[0].strip()
        if line.startswith(b"+CMGL:") and place.isdigit():
            found.append((int(place), below))
    return found


def _kind(octets: bytes) -> int:
    """TP-MTI (TS 23.040 9.2.3.1), behind the service centre's address."""
    return octets[1 + octets[0]] & TYPE_MASK if octets and len(octets) > 1 + octets[0] else 0
