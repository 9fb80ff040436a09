"""Making the one master card."""

import secrets
from dataclasses import dataclass

from protocol import keys
from protocol.records import MasterRecord
from pydantic import SecretStr

from backoffice.authority import sealing, service, signing
from backoffice.authority.keys import master_card_keys
from backoffice.authority.secret import Secret
from backoffice.cards import service as cards
from backoffice.devices import contact
from backoffice.devices.issuer import Issuer, Shown, reason_of
from backoffice.errors import BackOfficeError, CardNotGenuine, DeviceRefused, WeakMedium, WrongCard
from backoffice.models import Device
from backoffice.workshop import Workshop

SECRET_BYTES = 32
WRITES_MAX = 3


@dataclass(frozen=True)
class Made:
    """A master card that was written and read back."""

    master_id: int
    uid: bytes
    authority_key: bytes
    warning: str


@dataclass(frozen=True)
class Order:
    """What is wanted, and by whom."""

    pin: SecretStr
    accept_weak_medium: bool
    user_id: int
    timeout_ms: int


def context_of(master_id: int, authority_key: bytes) -> bytes:
    """What a sealed master secret belongs to."""
    return b"perscan/master/1" + master_id.to_bytes(4, "big") + authority_key


def make_master(workshop: Workshop, issuer: Issuer, device: Device, order: Order) -> Made:
    """Random secret, sealed, written, read back with the PIN; only then is there a master card.

    The master secret exists in this function's memory and on the card, nowhere else.
    """
    with workshop.reading() as session:
        service.refuse_second(session)
    if contact.greet(workshop, issuer, device, blank_allowed=True).role is None:
        issuer.bootstrap()
    shown = contact.wait_for(issuer, "blank", order.timeout_ms)
    if cards.is_weak(shown.medium) and not order.accept_weak_medium:
        raise WeakMedium(f"a {shown.medium} card can be copied: not for a master card", medium=shown.medium)
    with Secret(secrets.token_bytes(SECRET_BYTES)) as secret:
        return _make(workshop, issuer, order, shown, secret)


def _make(workshop: Workshop, issuer: Issuer, order: Order, shown: Shown, secret: Secret) -> Made:
    authority_key = signing.public_key(keys.authority_scalar(secret.reveal()))
    with workshop.begin() as session:
        master, card = service.plan_master(session, authority_key, workshop.cost.words(), order.user_id, workshop.now())
        cards.begin_writing(session, card, shown.uid, shown.medium, workshop.now())
    master_id, card_id, warning = master.id, card.id or 0, card.warning
    context = context_of(master_id, authority_key)
    try:
        pin, hashing = order.pin.get_secret_value(), workshop.context.hashing
        sealed = hashing.do(sealing.seal, pin, secret.reveal(), context, workshop.cost)
        record = MasterRecord(master_id, authority_key, sealed)
        _write(workshop, issuer, order, shown, record)
        _read_back(workshop, issuer, order, shown, record)
    except BackOfficeError as error:
        _abandon(workshop, master_id, card_id, reason_of(error))
        raise
    with workshop.begin() as session:
        service.activate_master(session, master_id)
        cards.written(session, cards.get(session, card_id), workshop.now())
    return Made(master_id, shown.uid, authority_key, warning)


def _write(workshop: Workshop, issuer: Issuer, order: Order, shown: Shown, record: MasterRecord) -> None:
    """Write; a card that was taken away too early is asked for again, as often as is reasonable."""
    read_key, write_key = master_card_keys(workshop.context.keyring, shown.uid)
    for attempt in range(1, WRITES_MAX + 1):
        try:
            issuer.write(shown.uid, "master", record.encode(), read_key, write_key)
        except DeviceRefused as error:
            if reason_of(error) != "removed_early" or attempt == WRITES_MAX:
                raise
            if issuer.wait_card(order.timeout_ms).uid != shown.uid:
                raise WrongCard("this is not the card that was being written") from error
        else:
            return


def _read_back(workshop: Workshop, issuer: Issuer, order: Order, shown: Shown, record: MasterRecord) -> None:
    """A master card that cannot be opened again would be worth nothing: prove it before anything is signed."""
    read_key, _ = master_card_keys(workshop.context.keyring, shown.uid)
    found = MasterRecord.decode(issuer.read(shown.uid, "master", read_key))
    if found != record or found.sealed != record.sealed:
        raise CardNotGenuine("the card does not give back what was written on it")
    context = context_of(record.master_id, record.authority_key)
    workshop.context.hashing.do(sealing.open_, order.pin.get_secret_value(), found.sealed, context)


def _abandon(workshop: Workshop, master_id: int, card_id: int, reason: str) -> None:
    with workshop.begin() as session:
        service.abandon_master(session, master_id)
        cards.failed(session, cards.get(session, card_id), reason, cards.VOIDED, workshop.now())
