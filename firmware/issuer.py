"""The card issuers: the back office drives, the device checks.

Whatever the server asks for, this device writes only what the level above signed: a white card under the authority, a
batch card under a white card, a one-time card inside a batch card that was in this reader since power came up.
"""

import asyncio
import gc
import time

from borrowed import Borrowed
from errors import BadParams, Refused
from hostlink import Params
from media import KINDS, TORN, Medium
from mfrc522.errors import CardGone, CardRefused, ReaderLost, TwoCards
from protocol import chain, reasons, records, roles
from protocol.errors import BadKey, BadSignature, Expired, NotInChain, OutOfRange

POLL_MS = 60
FIND_TRIES = 8
FIND_PAUSE_MS = 40
TIMEOUT_MAX_MS = 600000
KEY_BYTES = 6
SESSION_BATCHES = 4  # batch cards remembered, the latest ones
MASTER_ISSUER_KINDS = ("master", "white")
CHILD_ISSUER_KINDS = ("batch", "one_time")


class Issuer:
    """The service, on either kind of issuer; during provisioning on any device, to read the master card."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._batches: dict[int, records.BatchCertificate] = {}

    def offer(self) -> None:
        """The methods: all for an issuer, waiting and reading for a device that is not provisioned yet."""
        link = self._device.link
        link.add("card.wait", self._wait, long=True)
        link.add("card.read", self._read)
        if self._device.role() not in (roles.MASTER_ISSUER, roles.CHILD_ISSUER):
            return
        link.add("card.write", self._write)
        link.add("card.erase", self._erase)
        link.add("card.draw", self._draw)
        link.add("service.read", lambda params: self._service("read", params))
        link.add("service.write", lambda params: self._service("write", params))
        link.add("service.format", lambda params: self._service("make", params))

    def status(self) -> dict[str, object]:
        """This role's part of `status`."""
        return {"batches": [], "locked": False, "exam": None}

    async def _wait(self, params: Params) -> dict[str, object]:
        """Until a card is in the field: any card, also one that was there before."""
        timeout_ms = params.integer("timeout_ms", 0, TIMEOUT_MAX_MS)
        self._device.ui.show("issuer_wait")
        self._device.field.forget()
        until = time.ticks_add(time.ticks_ms(), timeout_ms)
        while True:
            found = self._look()
            if found is not None:
                return found
            if time.ticks_diff(until, time.ticks_ms()) <= 0:
                raise Refused(reasons.TIMEOUT, detail="no card came")
            await asyncio.sleep_ms(POLL_MS)

    def _look(self) -> dict[str, object] | None:
        try:
            medium = self._device.field.poll()
            if medium is None:
                return None
            found = medium.classify()
        except CardGone:
            return None
        except TwoCards:
            raise Refused(reasons.TWO_CARDS) from None
        except ReaderLost:
            self._device.care.lost()
            return None
        kind = TORN if found.unfinished else found.kind
        return {"uid": medium.uid.hex(), "medium": medium.NAME, "kind": kind, "header": found.header.hex()}

    def _read(self, params: Params) -> dict[str, object]:
        kind = _kind(params)
        key = params.octets("read_key", 0, KEY_BYTES)
        data: bytes = self.with_card(params, lambda medium: medium.read_record(kind, key or None))
        if kind == "batch":
            self._remember(data)
        return {"record": data.hex()}

    def _write(self, params: Params) -> dict[str, object]:
        kind = _kind(params)
        record = params.octets("record", records.HEADER_BYTES, records.MAX_RECORD_BYTES)
        read_key = params.octets("read_key", KEY_BYTES, KEY_BYTES)
        write_key = params.octets("write_key", KEY_BYTES, KEY_BYTES)
        gc.collect()
        self._check_chain(kind, record)
        outcome = self.with_card(
            params, lambda medium: medium.personalise(kind, record, read_key, write_key, self.progress)
        )
        uid = params.octets("uid", 4, 10).hex()
        if kind == "master":
            self._device.learn_authority(records.MasterRecord.decode(record).authority_key)
        self._device.ui.done("issuer_done", uid=uid)
        return {"uid": uid, "blocks": outcome.blocks, "retries": outcome.retries}

    def _erase(self, params: Params) -> dict[str, object]:
        kind = _kind(params)
        write_key = params.octets("write_key", KEY_BYTES, KEY_BYTES)
        self.with_card(params, lambda medium: medium.erase(kind, write_key))
        return {"uid": params.octets("uid", 4, 10).hex()}

    def _draw(self, params: Params) -> dict[str, object]:
        read_key = params.octets("read_key", KEY_BYTES, KEY_BYTES)
        write_key = params.octets("write_key", KEY_BYTES, KEY_BYTES)
        following = params.integer("next_credit", 0, 0xFFFFFFFF)

        def draw(medium: Medium) -> int:
            drawn = medium.drawn(read_key)
            return drawn if following == 0 else medium.draw(write_key, following)

        return {"next_credit": self.with_card(params, draw)}

    def _service(self, what: str, params: Params) -> dict[str, object]:
        with Borrowed("issuer_service") as code:
            answer: dict[str, object] = getattr(code, what)(self, params)
            return answer

    def with_card(self, params: Params, work: "Callable[[Medium], Any]") -> "Any":
        """Do the work on the card that the host named; what the reader says becomes a reason."""
        uid = params.octets("uid", 4, 10)
        try:
            return work(self._find(uid))
        except TwoCards:
            raise Refused(reasons.TWO_CARDS) from None
        except CardGone:
            raise Refused(reasons.REMOVED_EARLY) from None
        except CardRefused as error:
            raise Refused(reasons.WRONG_CARD, detail="the card does not take the key (%s)" % error) from None
        except ReaderLost:
            self._device.care.lost()
            raise Refused(reasons.READER_LOST) from None

    def _find(self, uid: bytes) -> Medium:
        for _ in range(FIND_TRIES):
            try:
                return self._device.field.require(uid)
            except CardGone:
                time.sleep_ms(FIND_PAUSE_MS)
        raise CardGone("not in the field")

    def progress(self, step: int, of: int) -> None:
        """A step of making a card is done."""
        self._device.feed()
        self._device.link.notify("progress", {"step": step, "of": of})

    # What may be written

    def _check_chain(self, kind: str, record: bytes) -> None:
        role = self._device.role()
        allowed = MASTER_ISSUER_KINDS if role == roles.MASTER_ISSUER else CHILD_ISSUER_KINDS
        if kind not in allowed:
            raise Refused(reasons.WRONG_ROLE, detail="a %s writes no %s card" % (role, kind))
        if records.header(record)[0] != KINDS[kind]:
            raise BadParams("the record is of another kind")
        try:
            getattr(self, "_check_" + kind)(record)
        except (BadSignature, BadKey, NotInChain) as error:
            raise Refused(reasons.NOT_IN_CHAIN, detail=str(error)) from None
        except OutOfRange as error:
            raise Refused(reasons.OUT_OF_RANGE, detail=str(error)) from None
        except Expired as error:
            raise Refused(reasons.EXPIRED, detail=str(error)) from None

    def _check_master(self, record: bytes) -> None:
        known = self._device.authority()
        if known is not None and known != records.MasterRecord.decode(record).authority_key:
            raise Refused(reasons.SECOND_MASTER, detail="this issuer knows another authority")

    def _check_white(self, record: bytes) -> None:
        certificate = records.WhiteRecord.decode(record).certificate
        chain.verify_white(certificate, self._authority(), self._device.clock.earliest())

    def _check_batch(self, record: bytes) -> None:
        batch = records.BatchRecord.decode(record)
        now = self._device.clock.earliest()
        chain.check_white(batch.white, now)
        chain.check_batch(batch.white, batch.batch, now)
        chain.verify_links(batch, self._authority())

    def _check_one_time(self, record: bytes) -> None:
        one_time = records.OneTimeRecord.decode(record)
        batch = self._batches.get(one_time.batch_id)
        if batch is None:
            raise Refused(reasons.NOT_IN_CHAIN, one_time.batch_id, detail="show the batch card first")
        if not chain.credit_in_batch(batch, one_time.credit):
            raise Refused(reasons.OUT_OF_RANGE, one_time.batch_id, one_time.credit)

    def _remember(self, record: bytes) -> None:
        """One-time cards of this batch may be written from now on, if the batch is a genuine one."""
        if self._device.role() != roles.CHILD_ISSUER:
            return
        batch = records.BatchRecord.decode(record)
        if batch.batch.batch_id in self._batches:
            return
        try:
            self._check_batch(record)
        except (BadSignature, BadKey, NotInChain, OutOfRange) as error:
            raise Refused(reasons.NOT_IN_CHAIN, batch.batch.batch_id, detail=str(error)) from None
        except Expired as error:
            raise Refused(reasons.EXPIRED, batch.batch.batch_id, detail=str(error)) from None
        if len(self._batches) >= SESSION_BATCHES:
            self._batches.clear()
        self._batches[batch.batch.batch_id] = batch.batch
        gc.collect()

    def _authority(self) -> bytes:
        key = self._device.authority()
        if key is None:
            raise Refused(reasons.NOT_PROVISIONED, detail="this issuer knows no authority yet")
        return key


def _kind(params: Params) -> str:
    kind = params.text("kind", 16)
    if kind not in KINDS:
        raise BadParams("kind must be one of " + ", ".join(sorted(KINDS)))
    return kind


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from device import Device
