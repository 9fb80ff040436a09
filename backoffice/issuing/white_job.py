"""White cards in bulk from the master."""

from collections.abc import Iterator
from contextlib import contextmanager

from protocol import keys
from protocol.records import WhiteCertificate
from pydantic import SecretStr
from sqlmodel import Session

from backoffice.authority import service as authority_service
from backoffice.authority.secret import Secret
from backoffice.authority.session import Authority
from backoffice.cards import service as cards
from backoffice.devices import contact
from backoffice.issuing import bulk, repository, service
from backoffice.issuing.certificates import Content, sign_white, white_content
from backoffice.issuing.desk import JobDesk
from backoffice.issuing.schemas import WhiteOrder
from backoffice.models import Card, Device, IssuingJob, White
from backoffice.workshop import Workshop


def order(session: Session, authority: Authority, wanted: WhiteOrder, now: int) -> IssuingJob:
    """Take the ranges and sign the certificates. The private keys come later, and only onto the cards."""
    service.check_white_order(wanted, now)
    master = authority_service.find(session, authority.master_id)
    job = service.new_job(
        session, now, service.WHITE, wanted.device_id, wanted.count, authority.user_id, master_id=master.id
    )
    for _ in range(wanted.count):
        white_id = repository.next_white_id(session)
        first = service.take_range(session, master, wanted.quota)
        certificate = sign_white(authority.secret.reveal(), white_id, first, wanted.quota, wanted.expires)
        repository.add(session, _row(certificate, master.id, now))
        cards.plan(session, now, level=service.WHITE, master_id=master.id, white_id=white_id, job_id=job.id)
    return job


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
    with workshop.room.use(user_id) as authority, workshop.reading() as session:
        todo = [
            card.white_id or 0
            for state in (cards.PLANNED, cards.WRITING, cards.TORN)
            for card in repository.cards_in(session, job_id, state)
        ]
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
    return white_content(certificate, scalar, pin, workshop.cost, workshop.context.keyring, uid)
