"""Factory initialisation over the host link: nonce, master card, a message signed by the authority.

The authority's key comes from the master card in the device's own field, never from the line; the message carries the
nonce that this device chose, so an old message initialises nothing. A device that has an authority keeps it: another
master card is refused.
"""

import gc
import os

from borrowed import Borrowed
from config import Config, checked_settings
from errors import BadParams, Refused
from hostlink import Params
from journal import Journal
from mfrc522.errors import CardGone, CardRefused, ReaderLost, TwoCards
from protocol import journal as codec
from protocol import keys, provisioning, reasons, roles
from protocol.errors import BadKey, BadSignature, ProtocolError
from protocol.records import MasterRecord

KEY_BYTES = 6
FACTORY_EPOCH = 0
ATTEMPT_MS = 600000


class Provisioning:
    """One attempt at a time: begin, master, commit."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._begun: tuple[bytes, str, int, int] | None = None
        self._begun_ms = 0
        self._candidate: bytes | None = None

    def is_active(self) -> bool:
        """Whether an attempt is under way: a swipe machine leaves the field alone meanwhile."""
        return self._begun is not None and self._device.clock.uptime_ms - self._begun_ms < ATTEMPT_MS

    def begin(self, params: Params) -> dict[str, object]:
        """The device's nonce for this attempt."""
        role = params.text("role", 16)
        if role not in roles.ROLES:
            raise BadParams("no such role")
        machine_id = params.integer("machine_id", 1, 0xFFFFFFFF)
        epoch = params.integer("epoch", 1, 0xFFFFFFFF)
        config = self._device.config
        if config is not None and config.machine_id == machine_id and epoch < config.epoch:
            raise BadParams("epoch %d is over" % epoch)
        nonce = os.urandom(provisioning.NONCE_BYTES)
        self._begun = (nonce, role, machine_id, epoch)
        self._begun_ms = self._device.clock.uptime_ms
        self._candidate = None
        return {"nonce": nonce.hex()}

    def master(self, params: Params) -> dict[str, object]:
        """Read the master card in the field: its authority is the candidate."""
        uid = params.octets("uid", 4, 10)
        read_key = params.octets("read_key", KEY_BYTES, KEY_BYTES)
        try:
            data = self._device.field.require(uid).read_record("master", read_key)
            record = MasterRecord.decode(data)
        except CardRefused:
            raise Refused(reasons.WRONG_CARD, detail="the card does not take this read key") from None
        except TwoCards:
            raise Refused(reasons.TWO_CARDS) from None
        except CardGone:
            raise Refused(reasons.REMOVED_EARLY) from None
        except ReaderLost:
            self._device.care.lost()
            raise Refused(reasons.READER_LOST) from None
        except ProtocolError as error:
            raise Refused(reasons.DAMAGED, detail=str(error)) from None
        known = self._device.authority()
        if known is not None and known != record.authority_key:
            raise Refused(reasons.SECOND_MASTER, detail="this device knows another authority")
        self._candidate = record.authority_key
        return {"record": data.hex()}

    def bootstrap(self, params: Params) -> dict[str, object]:
        """A blank device that makes the first master card: there is no authority yet that could initialise it."""
        if params.text("role", 16) != roles.MASTER_ISSUER:
            raise BadParams("only a master_issuer starts without a master card")
        if self._device.config is not None:
            raise Refused(reasons.SECOND_MASTER, detail="this device is not blank")
        self._adopt(Config(roles.MASTER_ISSUER, 0, FACTORY_EPOCH, 0, None, b"", b"", {}))
        return {}

    def commit(self, params: Params) -> dict[str, object]:
        """The signed message: verify it, keep it, be what it says."""
        data = params.octets("message", 1, provisioning.MAX_BYTES)
        signature = params.octets("signature", 64, 64)
        if self._begun is None or self._candidate is None:
            raise Refused(reasons.NOT_PROVISIONED, detail="begin, then show the master card")
        gc.collect()
        message = self._verified(data, signature)
        config = self._config_of(message)
        self._check_nothing_lost(config)
        self._begun = self._candidate = None
        self._prepare_journal(config)
        self._adopt(config)
        return {"machine_id": config.machine_id}

    def _verified(self, data: bytes, signature: bytes) -> provisioning.ProvisioningMessage:
        assert self._candidate is not None
        try:
            with Borrowed("protocol.p256") as p256:
                p256.verify(self._candidate, provisioning.signed_body(data), signature)
        except (BadSignature, BadKey):
            raise Refused(reasons.FORGED, detail="not signed by the master card's authority") from None
        message = provisioning.ProvisioningMessage.decode(data)
        if (message.nonce, message.role, message.machine_id, message.epoch) != self._begun:
            raise Refused(reasons.FORGED, detail="not the answer to this device's nonce")
        if message.authority_key != self._candidate:
            raise Refused(reasons.SECOND_MASTER, detail="the message names another authority")
        return message

    def _config_of(self, message: provisioning.ProvisioningMessage) -> Config:
        try:
            settings = checked_settings(message.settings)
        except ValueError as error:
            raise BadParams(str(error)) from None
        return Config(
            message.role,
            message.machine_id,
            message.epoch,
            message.institution,
            message.authority_key,
            message.machine_key,
            message.institution_key,
            settings,
        )

    def _check_nothing_lost(self, config: Config) -> None:
        """A new identity begins a new journal: the old one must have been reported. The same identity keeps it."""
        present = self._device.config
        if present is None:
            return
        if present.directory() == config.directory():
            if present.machine_key != config.machine_key:
                raise Refused(reasons.FORGED, detail="another key for the same machine and epoch")
            if self._device.journal is None:
                raise Refused(reasons.STORAGE_FAILED, detail="the journal of this epoch is lost: begin another epoch")
            return
        if self._device.journal is None:
            return
        if self._device.journal.pending() and self._device.journal.state.debits:
            raise Refused(reasons.BUSY, detail="%d entries must be reported first" % self._device.journal.pending())

    def _prepare_journal(self, config: Config) -> None:
        """Before the configuration names it: a machine with a name and without its journal would be a broken one."""
        journal = self._device.journal
        present = self._device.config
        if journal is None or present is None or present.directory() != config.directory():
            key = keys.journal_key(config.machine_key)
            journal = Journal.create(config.directory() + "/journal", key, self._device.clock.stamp)
        journal.append(codec.PROVISIONED, detail=config.epoch.to_bytes(4, "big"))
        journal.close()

    def _adopt(self, config: Config) -> None:
        config.save()
        self._device.adopt()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device
