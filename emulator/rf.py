"""The radio field at one reader's antenna: who is in it, what is on the air, who talks at the same time.

Nothing runs by itself. The reader chip tells the field how far time has come (`advance`), and whoever moves a card lets
the reader catch up first, so everything happens in the order of its time although it is computed late.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from emulator.air import Card, Direction, Frame, FrameLog, Reply, air_us
from emulator.faults import TearPoint

__all__ = ["Card", "Exchange", "Field", "Frame", "FrameLog", "Reply", "TearPoint", "Timekeeper", "air_us"]

POWER_UP_US: Final = 1_000  # a card needs this long in the field before it hears (ISO/IEC 14443-3 allows it 5 ms)
FRAME_DELAY_US: Final = (86, 91)  # 1172 and 1236 carrier periods, after a last bit 0 and 1 (ISO/IEC 14443-3 6.2.1.1)
MAX_LOGGED_FRAMES: Final = 50_000  # older ones are forgotten; frame_count goes on


class Timekeeper(Protocol):
    @property
    def now_us(self) -> int: ...


class Answer:
    """One card's share of what the reader hears."""

    __slots__ = ("card", "end_us", "frame", "start_us")

    def __init__(self, card: Card, frame: Frame, start_us: int) -> None:
        self.card = card
        self.frame = frame
        self.start_us = start_us
        self.end_us = start_us + frame.airtime_us

    def stop_at(self, time_us: int) -> None:
        heard_units = max(0, (time_us - self.start_us) * 1_356 // 12_800 - 1)
        self.frame = self.frame.cut(heard_units - heard_units // 9)
        self.end_us = time_us


class Exchange:
    """One frame of the reader and what comes back. `reply` is None while, and if, nobody answers."""

    __slots__ = (
        "answers",
        "begun",
        "collision_bit",
        "delivered",
        "ended",
        "frame",
        "heard_by",
        "number",
        "reply",
        "reply_end_us",
        "reply_start_us",
        "tx_end_us",
        "tx_start_us",
    )

    def __init__(self, frame: Frame, tx_start_us: int, number: int, heard_by: list[Card]) -> None:
        self.frame = frame
        self.tx_start_us = tx_start_us
        self.tx_end_us = tx_start_us + frame.airtime_us
        self.number = number
        self.heard_by = heard_by
        self.delivered = False
        self.begun = False  # the answer is on the air
        self.ended = False
        self.answers: list[Answer] = []
        self.reply: Frame | None = None
        self.reply_start_us = 0
        self.reply_end_us = 0
        self.collision_bit: int | None = None  # index of the first collided bit of the reply

    def merge(self) -> None:
        """Work out what the reader hears of all the answers together."""
        self.collision_bit = None
        if not self.answers:
            self.reply = None
            return
        first = min(self.answers, key=lambda answer: answer.start_us)
        self.reply_start_us = first.start_us
        self.reply_end_us = first.end_us
        self.reply = first.frame
        for answer in self.answers:
            if answer is not first and answer.start_us < first.end_us:
                self.reply = self._overlay(self.reply, answer)

    def _overlay(self, heard: Frame, answer: Answer) -> Frame:
        """Load modulation adds up: where one card sends 1 and another 0, the reader sees both halves of a bit carry the
        subcarrier. A card that starts later collides with whatever is on the air from its first bit on."""
        shift = (answer.start_us - self.reply_start_us) * 1_356 * 8 // (12_800 * 9)
        other = answer.frame
        a = int.from_bytes(heard.data, "little")
        b = int.from_bytes(other.data, "little") << shift
        overlap = min(heard.bits, other.bits + shift)
        different = (a ^ b) & (1 << overlap) - 1
        if shift:
            different |= 1 << min(shift, overlap - 1)
        if different:
            bit = (different & -different).bit_length() - 1
            self.collision_bit = bit if self.collision_bit is None else min(bit, self.collision_bit)
        bits = max(heard.bits, other.bits + shift)
        parity = None if heard.parity is None and other.parity is None else (heard.parity or 0) | (other.parity or 0)
        self.reply_end_us = max(self.reply_end_us, answer.end_us)
        return Frame((a | b).to_bytes(bits + 7 >> 3, "little"), bits, parity)

    def only_sender(self) -> bytes:
        return self.answers[0].card.uid if len(self.answers) == 1 else b""


class _Write:
    """An EEPROM write under way in one card."""

    __slots__ = ("card", "end_us", "start_us")

    def __init__(self, card: Card, start_us: int, end_us: int) -> None:
        self.card = card
        self.start_us = start_us
        self.end_us = end_us

    def progress(self, time_us: int) -> float:
        return (time_us - self.start_us) / (self.end_us - self.start_us)


class Field:
    """The antenna's surroundings. One reader, any number of cards."""

    def __init__(self, clock: Timekeeper, seed: int = 0) -> None:
        self.clock = clock
        self.noise = 0.0  # probability that a frame arrives with one bit wrong
        self.on = False
        self.frames: list[FrameLog] = []
        self.frame_count = 0
        self.write_frames: list[int] = []  # numbers of the reader's frames that began an EEPROM write
        self.airtime_us = 0
        self.on_frame: list[Callable[[FrameLog], None]] = []
        self.tears: list[TearPoint] = []
        self.tears_done: list[TearPoint] = []
        self.reader_catch_up: Callable[[], None] = lambda: None
        self._ready_at_us: dict[Card, int] = {}
        self._exchange: Exchange | None = None
        self._writes: list[_Write] = []
        self._time_us = clock.now_us
        self._in_hook = False
        self._random = Random(seed)  # noqa: S311 - a deterministic world

    # --- cards come and go -----------------------------------------------------------------------------------

    @property
    def cards(self) -> list[Card]:
        return list(self._ready_at_us)

    def enter(self, card: Card) -> None:
        self.settle()
        if card not in self._ready_at_us:
            self._ready_at_us[card] = self._time_us + POWER_UP_US

    def leave(self, card: Card) -> None:
        self.settle()
        if card in self._ready_at_us:
            self._remove(card, self._time_us)

    def tear(self, point: TearPoint) -> None:
        """Arm one tear point. Several may be armed."""
        self.tears.append(point)

    def settle(self) -> None:
        """Bring everything up to now: the reader first, since what it sends decides what the cards do."""
        if self._in_hook:
            return  # a hook acts at the moment of its frame
        self.reader_catch_up()
        self.advance(self.clock.now_us)

    def _remove(self, card: Card, time_us: int, write_progress: float | None = None) -> None:
        del self._ready_at_us[card]
        self._silence(card, time_us)
        self._cut_power(card, time_us, write_progress)

    def _silence(self, card: Card, time_us: int) -> None:
        exchange = self._exchange
        if exchange is None or exchange.ended:
            return
        for answer in exchange.answers:
            if answer.card is card and answer.end_us > time_us:
                answer.stop_at(time_us)
        exchange.answers = [answer for answer in exchange.answers if answer.frame.bits or answer.start_us < time_us]
        exchange.merge()

    def _cut_power(self, card: Card, time_us: int, write_progress: float | None = None) -> None:
        for write in self._writes:
            if write.card is card:
                self._writes.remove(write)
                card.power_off(write.progress(time_us) if write_progress is None else write_progress)
                return
        card.power_off(write_progress or 0.0)

    # --- the reader's side -----------------------------------------------------------------------------------

    def switch(self, on: bool, time_us: int) -> None:
        """The reader's antenna drivers go on or off. Without the field every card forgets all but its EEPROM."""
        self.advance(time_us)
        if on == self.on:
            return
        self.on = on
        for card in self._ready_at_us:
            if on:
                self._ready_at_us[card] = time_us + POWER_UP_US
            else:
                self._silence(card, time_us)
                self._cut_power(card, time_us)
        if not on:
            self._exchange = None

    def transmit(self, frame: Frame, start_us: int) -> Exchange:
        """The reader sends a frame. Whatever was still to come of the exchange before is lost."""
        self.advance(start_us)
        frame = self._through_noise(frame)
        number = self.frame_count
        self._exchange = None
        self._tear("before", number, start_us)
        busy = [write.card for write in self._writes]
        heard_by = [card for card, ready in self._ready_at_us.items() if ready <= start_us and card not in busy]
        exchange = self._exchange = Exchange(frame, start_us, number, heard_by if self.on else [])
        self._log(start_us, "reader", frame, b"", collision=False)
        return exchange

    def advance(self, time_us: int) -> None:
        """Let the cards do everything that is due by `time_us`."""
        self._time_us = max(self._time_us, time_us)
        self._finish_writes(time_us)
        exchange = self._exchange
        if exchange is None or exchange.ended:
            return
        if not exchange.delivered and time_us >= exchange.tx_end_us:
            self._deliver(exchange)
            self._finish_writes(time_us)
        if exchange.delivered and not exchange.begun and exchange.reply and time_us >= exchange.reply_start_us:
            self._begin_reply(exchange)
        if exchange.begun and time_us >= exchange.reply_end_us:
            self._end_reply(exchange)

    def _deliver(self, exchange: Exchange) -> None:
        exchange.delivered = True
        self._tear("after", exchange.number, exchange.tx_end_us)
        for card in exchange.heard_by:
            if card in self._ready_at_us:
                self._deliver_to(card, exchange)
        exchange.merge()

    def _deliver_to(self, card: Card, exchange: Exchange) -> None:
        reply = card.receive(exchange.frame)
        if reply is None:
            return
        delay_us = FRAME_DELAY_US[exchange.frame.last_bit]
        if reply.write_us:
            begin_us = exchange.tx_end_us + delay_us
            self._writes.append(_Write(card, begin_us, begin_us + reply.write_us))
            self._note_write(exchange.number)
            if self._tear_write(card, exchange.number, begin_us):
                return
        if reply.frame is not None:
            begin_us = exchange.tx_end_us + delay_us + reply.write_us
            exchange.answers.append(Answer(card, self._through_noise(reply.frame), begin_us))

    def _through_noise(self, frame: Frame) -> Frame:
        if not self.noise or not frame.bits or self._random.random() >= self.noise:
            return frame
        return frame.flipped(self._random.randrange(frame.bits))

    def _begin_reply(self, exchange: Exchange) -> None:
        self._tear("before", self.frame_count, exchange.reply_start_us)
        if exchange.reply is None:
            return
        exchange.begun = True
        collision = exchange.collision_bit is not None
        self._log(exchange.reply_start_us, "card", exchange.reply, exchange.only_sender(), collision=collision)

    def _end_reply(self, exchange: Exchange) -> None:
        exchange.ended = True
        self._tear("after", self.frame_count - 1, exchange.reply_end_us)

    def _finish_writes(self, time_us: int) -> None:
        if not self._writes:
            return
        for write in [write for write in self._writes if write.end_us <= time_us]:
            self._writes.remove(write)
            write.card.write_done()

    # --- tears and the log -----------------------------------------------------------------------------------

    def _tear(self, phase: str, number: int, time_us: int) -> None:
        for point in self.tears:
            if point.frame == number and point.phase == phase:
                self.tears.remove(point)
                self.tears_done.append(point)
                for card in self.cards:
                    self._remove(card, time_us)
                return

    def _tear_write(self, card: Card, number: int, begin_us: int) -> bool:
        for point in self.tears:
            if point.frame == number and point.phase == "inside_write":
                self.tears.remove(point)
                self.tears_done.append(point)
                self._remove(card, begin_us, point.fraction)
                return True
        return False

    def _note_write(self, number: int) -> None:
        if len(self.write_frames) >= MAX_LOGGED_FRAMES:
            del self.write_frames[: MAX_LOGGED_FRAMES // 2]
        self.write_frames.append(number)

    def _log(self, time_us: int, direction: Direction, frame: Frame, uid: bytes, *, collision: bool) -> None:
        entry = FrameLog(self.frame_count, time_us, direction, frame, uid, collision)
        self.frame_count += 1
        self.airtime_us += entry.airtime_us
        if len(self.frames) >= MAX_LOGGED_FRAMES:
            del self.frames[: MAX_LOGGED_FRAMES // 2]
        self.frames.append(entry)
        self._in_hook = True
        try:
            for hook in list(self.on_frame):
                hook(entry)
        finally:
            self._in_hook = False
