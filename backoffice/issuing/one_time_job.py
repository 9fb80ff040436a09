"""One-time cards in bulk from a batch card."""

from protocol import chain
from protocol.errors import ProtocolError
from protocol.records import BatchRecord
from pydantic import SecretStr

from backoffice.authority import pins
from backoffice.authority import service as authority
from backoffice.authority.keys import batch_card_keys, institution_key
from backoffice.authority.secret import Secret
from backoffice.cards import service as cards
from backoffice.devices import contact
from backoffice.errors import CardNotGenuine, WrongCard
from backoffice.issuing import bulk, service, steps
from backoffice.issuing.certificates import one_time_content
from backoffice.issuing.desk import JobDesk
from backoffice.models import Batch, Device


def run(desk: JobDesk, device: Device, batch_id: int, pin: SecretStr) -> None:
    """Batch card, PIN, then card after card. K_batch is in memory while this runs, nowhere else on this server."""
    hello = contact.greet(desk.workshop, desk.issuer, device)
    with desk.reading() as session:
        batch = service.find_batch(session, batch_id)
        master = authority.active_master(session)
    contact.require_authority(hello, master.authority_key)
    record = read_batch(desk, batch, master.id, master.authority_key)
    with Secret(_unseal(desk, record, pin)) as batch_key:
        bulk.write_all(desk, lambda card, uid: one_time_content(batch_key.reveal(), batch_id, card.credit or 0, uid))


def read_batch(desk: JobDesk, batch: Batch, master_id: int, master_key: bytes) -> BatchRecord:
    """The batch card itself must be here, and must be what was signed. The device remembers that it read it."""
    shown = desk.ask(steps.SHOW_BATCH)
    with desk.reading() as session:
        live = cards.live_on(session, shown.uid)
        if shown.kind != "batch" or live is None or live.level != service.BATCH or live.state != cards.WRITTEN:
            raise WrongCard("this is no batch card in use")
        if live.batch_id != batch.id:
            raise WrongCard(f"this is batch card {live.batch_id}, needed is {batch.id}")
        key = institution_key(session, desk.workshop.context.keyring, master_id, batch.institution_code)
    read_key, _ = batch_card_keys(desk.workshop.context.keyring, key, shown.uid)
    try:
        record = BatchRecord.decode(desk.issuer.read(shown.uid, "batch", read_key))
        chain.verify_links(record, master_key)
        chain.check_batch(record.white, record.batch, desk.now())
    except ProtocolError as error:
        raise CardNotGenuine(f"the batch card's certificates do not hold: {error}") from error
    if record.batch.encode() != batch.certificate:
        raise CardNotGenuine("the batch card carries another certificate than the registered one")
    return record


def _unseal(desk: JobDesk, record: BatchRecord, pin: SecretStr) -> bytes:
    certificate = record.batch
    sealed = pins.Sealed("batch", certificate.batch_id, record.issuer_sealed, certificate.body())
    return pins.unseal(desk.begin, desk.workshop.context.hashing, sealed, desk.now(), pin)
