"""Opening the authority's session: master card on the reader, and its PIN."""

from protocol import keys
from protocol.errors import ProtocolError
from protocol.records import MasterRecord
from pydantic import SecretStr

from backoffice.authority import pins, service, signing
from backoffice.authority.keys import master_card_keys
from backoffice.authority.making import context_of
from backoffice.authority.secret import Secret
from backoffice.authority.session import Authority
from backoffice.devices import contact
from backoffice.devices.issuer import Issuer
from backoffice.errors import CardNotGenuine
from backoffice.models import Device, Master
from backoffice.workshop import Workshop


def open_authority(
    workshop: Workshop, issuer: Issuer, device: Device, pin: SecretStr, user_id: int, timeout_ms: int
) -> Authority:
    """Read the master card, unseal its secret, keep it in memory until the session ends."""
    contact.greet(workshop, issuer, device)
    with workshop.reading() as session:
        master = service.active_master(session)
    record = _read_master(workshop, issuer, master, timeout_ms)
    sealed = pins.Sealed("master", master.id, record.sealed, context_of(master.id, master.authority_key))
    value = pins.unseal(workshop.begin, workshop.context.hashing, sealed, workshop.now(), pin)
    if signing.public_key(keys.authority_scalar(value)) != master.authority_key:
        raise CardNotGenuine("the card's secret is not the authority's")
    return workshop.room.open(master.id, master.authority_key, Secret(value), user_id)


def _read_master(workshop: Workshop, issuer: Issuer, master: Master, timeout_ms: int) -> MasterRecord:
    shown = contact.wait_for(issuer, "master", timeout_ms)
    read_key, _ = master_card_keys(workshop.context.keyring, shown.uid)
    try:
        record = MasterRecord.decode(issuer.read(shown.uid, "master", read_key))
    except ProtocolError as error:
        raise CardNotGenuine("the card holds no master record") from error
    if record.master_id != master.id or record.authority_key != master.authority_key:
        raise CardNotGenuine("this is not the master card in use", master_id=record.master_id)
    return record
