"""The SMS centre: takes messages, keeps them, delivers them when and if it likes.

Content passes through untouched: what a phone submits as user data is what the receiver gets (3GPP TS 23.040 3.3).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gsm.network_pdu import decode_submit, encode_deliver, encode_deliver_parts, encode_status_report, forward
from gsm.pdu import Joiner, decode_deliver

from emulator.phone.faults import SmscFaults
from emulator.phone.terminal import Terminal

if TYPE_CHECKING:
    from emulator.world import World

VALIDITY_S: Final = 4 * 86_400
REORDER_S: Final = 120.0
MAX_WAITING: Final = 200  # per receiver; real centres keep fewer
MAX_LOGGED: Final = 10_000
DELIVERED, EXPIRED = 0x00, 0x46  # TS 23.040 9.2.3.15

Application = Callable[[str, bytes], None]


class SmsRefused(Exception):
    """The centre does not take this submission; cms is the +CMS ERROR that the phone shows."""

    def __init__(self, cms: int) -> None:
        super().__init__(f"+CMS ERROR: {cms}")
        self.cms = cms


@dataclass(frozen=True)
class Message:
    """One message (or one part of a long one) on its way."""

    sender: str
    receiver: str
    pdu: bytes  # the DELIVER that the receiver gets
    submitted_s: int
    report_reference: int | None = None  # the sender wants to know what became of it


RawApplication = Callable[[Message], bool]


class Smsc:
    """Numbers are those of phones, or of applications that are connected to the centre itself."""

    def __init__(self, world: "World", subscriber: Callable[[str], Terminal | None]) -> None:
        self.faults = SmscFaults()
        self.submitted: deque[Message] = deque(maxlen=MAX_LOGGED)
        self.delivered: deque[Message] = deque(maxlen=MAX_LOGGED)
        self.lost: deque[Message] = deque(maxlen=MAX_LOGGED)
        self.submitted_count = 0
        self._world = world
        self._random = world.random("smsc")
        self._subscriber = subscriber
        self._applications: dict[str, RawApplication] = {}
        self._waiting: dict[str, deque[Message]] = {}
        self._reference = 0

    # --- senders -----------------------------------------------------------------------------------------------

    def submit(self, sender: str, pdu: bytes, reference: int) -> None:
        """A phone's SUBMIT as AT+CMGS carries it; the reference is the phone's own number of the message."""
        if self.faults.refuse_cms is not None:
            raise SmsRefused(self.faults.refuse_cms)
        submit = decode_submit(pdu)
        now_s = self._world.unix_time
        self._take(
            Message(
                sender,
                submit.number,
                forward(submit, sender, now_s),
                now_s,
                reference if submit.status_report else None,
            )
        )

    def send(self, sender: str, receiver: str, content: bytes | str) -> None:
        """From an application: data of any length in as many parts as it needs, or one text."""
        now_s = self._world.unix_time
        if isinstance(content, str):
            pdus = [encode_deliver(sender, content, now_s)]
        else:
            self._reference = self._reference + 1 & 0xFF
            pdus = encode_deliver_parts(sender, content, now_s, self._reference)
        for pdu in pdus:
            self.send_pdu(sender, receiver, pdu)

    def send_pdu(self, sender: str, receiver: str, pdu: bytes) -> None:
        """A DELIVER that an application made itself."""
        with self._world.lock:
            self._take(Message(sender, receiver, pdu, self._world.unix_time))

    # --- receivers ---------------------------------------------------------------------------------------------

    def application(self, number: str, receive: Application) -> None:
        """Whoever sends to that number reaches this callable: (sender, content). Parts of long data come joined, as
        forwarding platforms deliver them; text comes as UTF-8, part by part."""
        joiner = Joiner()

        def take(message: Message) -> bool:
            part = decode_deliver(message.pdu)
            text = part.text
            whole = joiner.add(part) if text is None else text.encode()
            if whole is not None:
                receive(message.sender, whole)
            return True

        self._applications[number] = take

    def raw_application(self, number: str, receive: RawApplication) -> None:
        """The same for an application that joins parts itself, and says whether it took the message; number "" gets
        what is for nobody else."""
        self._applications[number] = receive

    def reachable(self, number: str) -> None:
        """A phone registered, or made room in its memory: what waits for it is tried again."""
        for receiver in [number] if number else self._orphans():
            for message in self._waiting.pop(receiver, ()):
                self._world.at(self._delay_ms(), self._delivery(message))

    def _orphans(self) -> list[str]:
        return [number for number in self._waiting if not self._subscriber(number)]

    def waiting(self, number: str) -> int:
        return len(self._waiting.get(number, ()))

    # --- the way in between --------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        self.submitted.append(message)
        self.submitted_count += 1
        self._world.note("smsc", "submitted", f"{message.sender} {message.receiver}")
        if self._random.random() < self.faults.loss:
            self.lost.append(message)
            return
        copies = 2 if self._random.random() < self.faults.duplication else 1
        for _ in range(copies):
            self._world.at(self._delay_ms(), self._delivery(message))

    def _delay_ms(self) -> int:
        delay_s = self._random.uniform(*self.faults.delay_s)
        if self._random.random() < self.faults.reorder:
            delay_s += self._random.uniform(0, REORDER_S)
        return int(delay_s * 1000)

    def _delivery(self, message: Message) -> Callable[[], None]:
        return lambda: self._deliver(message)

    def _deliver(self, message: Message) -> None:
        if self._world.unix_time - message.submitted_s > VALIDITY_S:
            self.lost.append(message)
            self._report(message, EXPIRED)
            return
        if not self._handed_over(message):
            self._keep(message)
            return
        self.delivered.append(message)
        self._world.note("smsc", "delivered", f"{message.sender} {message.receiver}")
        self._report(message, DELIVERED)

    def _handed_over(self, message: Message) -> bool:
        phone = self._subscriber(message.receiver)
        if phone is not None:
            return phone.deliver(message.pdu)
        receive = self._applications.get(message.receiver) or self._applications.get("")
        if receive is None:
            return False
        return receive(message)

    def _keep(self, message: Message) -> None:
        queue = self._waiting.setdefault(message.receiver, deque())
        if len(queue) == MAX_WAITING:
            self.lost.append(queue.popleft())
        queue.append(message)

    def _report(self, message: Message, status: int) -> None:
        if message.report_reference is None:
            return
        sender = self._subscriber(message.sender)
        if sender is not None:
            sender.report(
                encode_status_report(
                    message.report_reference, message.receiver, status, message.submitted_s, self._world.unix_time
                )
            )
