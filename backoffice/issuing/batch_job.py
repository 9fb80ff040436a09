"""A batch card from a white card: the white card gives up the credits first, then signs them over to one machine."""

from protocol import chain, keys
from protocol.errors import ProtocolError
from protocol.records import BatchCertificate, WhiteCertificate, WhiteRecord
from pydantic import SecretStr

from backoffice.authority import pins, sealing, signing
from backoffice.authority import service as authority
from backoffice.authority.keys import institution_key, white_card_keys
from backoffice.authority.secret import Secret
from backoffice.cards import service as cards
from backoffice.devices import contact
from backoffice.devices.issuer import Shown
from backoffice.errors import (
    CardNotGenuine,
    ConfirmationStale,
    DrawBehind,
    WrongCard,
)
from backoffice.issuing import bulk, service, steps
from backoffice.issuing.certificates import BatchSecrets, Content, batch_content, sign_batch
from backoffice.issuing.desk import JobDesk
from backoffice.machines import service as machines
from backoffice.models import Batch, Device, White


def run(desk: JobDesk, device: Device, batch_id: int, pin: SecretStr) -> None:
    """White card, PIN, its counter moved, certificate signed, batch card written."""
    hello = contact.greet(desk.workshop, desk.issuer, device)
    with desk.reading() as session:
        batch = service.find_batch(session, batch_id)
        white = service.find_white(session, batch.white_id)
        master_key = authority.active_master(session).authority_key
        _refuse_other_epoch(machines.find(session, batch.machine_id).epoch, batch)
    contact.require_authority(hello, master_key)
    shown, record = _read_white(desk, white, master_key)
    with Secret(_unseal(desk, record, pin)) as scalar:
        _draw(desk, shown, batch)
        certificate = _sign(desk, batch_id, scalar)
        secrets = _secrets(desk, batch, white.master_id, scalar)
        bulk.write_all(desk, lambda _card, uid: _content(desk, record.certificate, certificate, secrets, pin, uid))


def _refuse_other_epoch(epoch: int, batch: Batch) -> None:
    """A machine that was initialised anew since the batch was confirmed would refuse it."""
    if epoch != batch.epoch:
        raise ConfirmationStale(
            f"machine {batch.machine_id} was initialised anew since this batch was confirmed: cancel it, order again"
        )


def _read_white(desk: JobDesk, white: White, master_key: bytes) -> tuple[Shown, WhiteRecord]:
    """The white card itself must be here, and must be what was signed."""
    shown = desk.ask(steps.SHOW_WHITE)
    with desk.reading() as session:
        live = cards.live_on(session, shown.uid)
    if shown.kind != "white" or live is None or live.level != service.WHITE or live.state != cards.WRITTEN:
        raise WrongCard("this is no white card in use")
    if live.white_id != white.id:
        raise WrongCard(f"this is white card {live.white_id}, needed is {white.id}")
    read_key, _ = white_card_keys(desk.workshop.context.keyring, shown.uid)
    try:
        record = WhiteRecord.decode(desk.issuer.read(shown.uid, "white", read_key))
        chain.verify_white(record.certificate, master_key, desk.now())
    except ProtocolError as error:
        raise CardNotGenuine(f"the white card's certificate does not hold: {error}") from error
    if record.certificate.encode() != white.certificate:
        raise CardNotGenuine("the white card carries another certificate than the registered one")
    return shown, record


def _unseal(desk: JobDesk, record: WhiteRecord, pin: SecretStr) -> bytes:
    certificate = record.certificate
    sealed = pins.Sealed("white", certificate.white_id, record.sealed_key, certificate.body())
    scalar = pins.unseal(desk.begin, desk.workshop.context.hashing, sealed, desk.now(), pin)
    if signing.public_key(scalar) != certificate.issuer_key:
        raise CardNotGenuine("the white card's key is not the one that was signed")
    return scalar


def _draw(desk: JobDesk, shown: Shown, batch: Batch) -> None:
    """The card's own counter moves before anything is signed: a restored database cannot issue credits twice.

    Until this batch is on record as drawing, a counter beyond its first credit was moved by something that the
    database has forgotten. After that, it may have been moved by this batch itself before a crash.
    """
    read_key, write_key = white_card_keys(desk.workshop.context.keyring, shown.uid)
    following = batch.first_credit + batch.count
    drawn = desk.issuer.drawn(shown.uid, read_key, write_key)
    if batch.state == cards.PLANNED and drawn > batch.first_credit:
        with desk.begin() as session:
            service.skip_drawn(session, batch.white_id, drawn)
        raise DrawBehind(
            f"the white card has drawn up to credit {drawn}: abandon this batch and order again", next_credit=drawn
        )
    _note(desk, batch.id, cards.PLANNED, service.DRAWING)
    if drawn < following:
        desk.issuer.draw(shown.uid, read_key, write_key, following)
    _note(desk, batch.id, service.DRAWING, service.DRAWN)


def _note(desk: JobDesk, batch_id: int, before: str, after: str) -> None:
    with desk.begin() as session:
        batch = service.find_batch(session, batch_id)
        if batch.state == before:
            batch.state = after


def _sign(desk: JobDesk, batch_id: int, scalar: Secret) -> BatchCertificate:
    """Deterministic: signed again after a crash, it is the same certificate."""
    with desk.reading() as session:
        certificate = sign_batch(scalar.reveal(), service.find_batch(session, batch_id))
    with desk.begin() as session:
        batch = service.find_batch(session, batch_id)
        batch.certificate, batch.state = certificate.encode(), service.SIGNED
    return certificate


def _secrets(desk: JobDesk, batch: Batch, master_id: int, scalar: Secret) -> BatchSecrets:
    keyring = desk.workshop.context.keyring
    with desk.reading() as session:
        return BatchSecrets(
            keys.batch_key(scalar.reveal(), batch.id),
            machines.open_key(session, keyring, batch.machine_id, batch.epoch),
            institution_key(session, keyring, master_id, batch.institution_code),
        )


def _content(
    desk: JobDesk,
    white: WhiteCertificate,
    batch: BatchCertificate,
    secrets: BatchSecrets,
    pin: SecretStr,
    uid: bytes,
) -> Content:
    workshop = desk.workshop
    sealed = workshop.context.hashing.do(
        sealing.seal, pin.get_secret_value(), secrets.batch_key, batch.body(), workshop.cost
    )
    return batch_content(white, batch, secrets, sealed, workshop.context.keyring, uid)
