"""White cards in bulk from the master."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from protocol import keys
from protocol.records import WhiteCertificate
from pydantic import SecretStr
from sqlmodel import Session

from backoffice.authority import sealing
from backoffice.authority import service as authority_service
from backoffice.authority.secret import Secret
from backoffice.cards import service as cards
from backoffice.devices import contact
from backoffice.errors import AuthorityClosed, WrongState
from backoffice.issuing import bulk, repository, service
from backoffice.issuing.certificates import Content, sign_white, white_content
from backoffice.issuing.desk import JobDesk
from backoffice.issuing.schemas import WhiteOrder
from backoffice.models import Card, Device, IssuingJob, White
from backoffice.workshop import Workshop


@dataclass(frozen=True)
class Signed:
    """Certificates for the numbers and credits that were free when they were made. Nobody has them yet."""

    master_id: int
    user_id: int
    wanted: WhiteOrder
    certificates: Sequence[WhiteCertificate]


def sign(workshop: Workshop, user_id: int, wanted: WhiteOrder) -> Signed:
    """Sign what the master would give next: half a second for many cards, so nobody waits for a lock meanwhile but
    those who want the authority. The private keys come later, and only onto the cards. Raises AuthorityClosed.
    """
    service.check_white_order(wanted, workshop.now())
    with workshop.reading() as session:
        master_id, first, white_id = _free(session)
    service.check_range(first, wanted.quota * wanted.count)
    with workshop.room.use(user_id) as authority:
        if authority.master_id != master_id:
            raise AuthorityClosed()
        secret = authority.secret.reveal()
        certificates = [
            sign_white(secret, white_id + number, first + number * wanted.quota, wanted.quota, wanted.expires)
            for number in range(wanted.count)
        ]
    return Signed(master_id, user_id, wanted, certificates)


def order(session: Session, signed: Signed, now: int) -> IssuingJob:
    """Take the ranges for which the certificates are. Raises WrongState when somebody else has taken them."""
    start, wanted = signed.certificates[0], signed.wanted
    if _free(session) != (signed.master_id, start.first_credit, start.white_id):
        raise WrongState("these credits were given to other white cards meanwhile: try again")
    master = authority_service.find(session, signed.master_id)
    job = service.new_job(
        session, now, service.WHITE, wanted.device_id, wanted.count, signed.user_id, master_id=master.id
    )
    service.take_range(session, master, wanted.quota * wanted.count)
    for certificate in signed.certificates:
        repository.add(session, _row(certificate, master.id, now))
        white_id = certificate.white_id
        cards.plan(session, now, level=service.WHITE, master_id=master.id, white_id=white_id, job_id=job.id)
    return job


def _free(session: Session) -> tuple[int, int, int]:
    """The master card in use, the first credit that no white card has, the next white card's number."""
    master = authority_service.active_master(session)
    return master.id, master.next_credit, repository.next_white_id(session)


def _row(certificate: WhiteCertificate, master_id: int, now: int) -> White:
    return White(
        id=certificate.white_id,
        master_id=master_id,
        first_credit=certificate.first_credit,
        quota=certificate.quota,
        next_credit=certificate.first_credit,
        expires=certificate.expires,
        issuer_key=certificate.issuer_key,
        certificate=certificate.encode(),
        created_at=now,
    )


@contextmanager
def private_keys(workshop: Workshop, job_id: int, user_id: int) -> Iterator[dict[int, Secret]]:
    """The private keys of the cards that this job still has to write, in memory while it runs."""
    with workshop.reading() as session:
        todo = [
            card.white_id or 0
            for state in (cards.PLANNED, cards.WRITING, cards.TORN)
            for card in repository.cards_in(session, job_id, state)
        ]
    with workshop.room.use(user_id) as authority:
        secret = authority.secret.reveal()
        scalars = {white_id: Secret(keys.white_scalar(secret, white_id)) for white_id in todo}
    try:
        yield scalars
    finally:
        for scalar in scalars.values():
            scalar.wipe()


def run(desk: JobDesk, device: Device, pin: SecretStr) -> None:
    """Write every white card of the job."""
    hello = contact.greet(desk.workshop, desk.issuer, device)
    with desk.reading() as session:
        contact.require_authority(hello, authority_service.active_master(session).authority_key)
    with private_keys(desk.workshop, desk.job_id, desk.user_id) as scalars:
        bulk.write_all(desk, lambda card, uid: _content(desk, scalars, pin, card, uid))


def _content(desk: JobDesk, scalars: dict[int, Secret], pin: SecretStr, card: Card, uid: bytes) -> Content:
    workshop = desk.workshop
    with desk.reading() as session:
        certificate = WhiteCertificate.decode(service.find_white(session, card.white_id or 0).certificate)
    scalar = scalars[certificate.white_id].reveal()
    sealed = workshop.context.hashing.do(
        sealing.seal, pin.get_secret_value(), scalar, certificate.body(), workshop.cost
    )
    return white_content(certificate, sealed, workshop.context.keyring, uid)
