"""A card on the reader: what is it, is it genuine, and make it blank again if it may be."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol import chain, keys, records
from protocol.classic import PUBLIC_READ_KEY
from protocol.errors import ProtocolError
from protocol.mac import equal
from protocol.records import BatchRecord, MasterRecord, OneTimeRecord, WhiteRecord
from sqlmodel import Session

from backoffice.authority.keys import batch_card_keys, institution_key, master_card_keys, white_card_keys
from backoffice.authority.session import Authority
from backoffice.cards import repository as card_rows
from backoffice.cards import service as cards
from backoffice.devices import contact
from backoffice.devices.issuer import Issuer, Shown, reason_of
from backoffice.errors import AuthorityClosed, CardInUse, DeviceRefused, NotFound, WrongCard
from backoffice.issuing import service
from backoffice.issuing.schemas import CardVerified
from backoffice.models import Batch, Card, Device, Master, White
from backoffice.workshop import Workshop

Record = MasterRecord | WhiteRecord | BatchRecord | OneTimeRecord
DECODERS: dict[str, Callable[[bytes], Record]] = {
    "master": MasterRecord.decode,
    "white": WhiteRecord.decode,
    "batch": BatchRecord.decode,
    "one_time": OneTimeRecord.decode,
}


@dataclass(frozen=True)
class Access:
    """The keys with which a card can be read and written."""

    read_key: bytes
    write_key: bytes | None
    batch_key: bytes | None = None


def verify(workshop: Workshop, issuer: Issuer, device: Device, timeout_ms: int) -> CardVerified:
    """Read the card and compare it with the registry and with the keys at hand."""
    contact.greet(workshop, issuer, device)
    shown = issuer.wait_card(timeout_ms)
    with workshop.reading() as session:
        card = cards.live_on(session, shown.uid)
        report = _report(session, shown, card)
    if shown.kind not in DECODERS:
        return report
    try:
        with workshop.reading() as session:
            access = _access(workshop, session, shown, card)
        record = DECODERS[shown.kind](issuer.read(shown.uid, shown.kind, access.read_key))
    except ProtocolError as error:
        return _not_genuine(report, f"the record cannot be read: {error}")
    except (DeviceRefused, NotFound) as error:
        return _not_genuine(report, f"the card cannot be read with our keys: {reason_of(error)}")
    with workshop.reading() as session:
        return _compare(session, report, card, record, access, shown.uid)


def recover(
    workshop: Workshop, issuer: Issuer, device: Device, user_id: int, timeout_ms: int, *, reissue: bool
) -> Card:
    """Make a torn or an unused card blank again, and plan its content anew or void it."""
    contact.greet(workshop, issuer, device)
    shown = issuer.wait_card(timeout_ms)
    with workshop.room.use(user_id):
        pass  # who may not use it hears that before the card is looked at
    with workshop.reading() as session:
        card = cards.live_on(session, shown.uid)
        if card is None:
            raise WrongCard("no issued or unfinished card is known with this UID")
        _refuse_used(session, card)
        access = _access(workshop, session, shown, card)
    if access.write_key is None:
        raise AuthorityClosed()
    issuer.erase(shown.uid, card.level, access.write_key)
    with workshop.begin() as session:
        return _blank_again(session, card.id or 0, reissue, workshop.now())


def _report(session: Session, shown: Shown, card: Card | None) -> CardVerified:
    used = card is not None and card.level == service.ONE_TIME and _is_used(session, card)
    return CardVerified(
        uid=shown.uid.hex(),
        medium=shown.medium,
        kind=shown.kind,
        card_id=card.id if card else None,
        state=card.state if card else "",
        used=used,
        genuine=None,
        findings=[] if card else ["no card with this UID was issued here"],
        warning=cards.WEAK_MEDIUM if cards.is_weak(shown.medium) else "",
    )


def _access(workshop: Workshop, session: Session, shown: Shown, card: Card | None) -> Access:
    """The card's keys, as far as this server has or may derive them now."""
    level = card.level if card is not None else shown.kind
    keyring = workshop.context.keyring
    if level == "master":
        return Access(*master_card_keys(keyring, shown.uid))
    if level == service.WHITE:
        return Access(*white_card_keys(keyring, shown.uid))
    batch_id = card.batch_id if card is not None else _batch_in_header(shown)
    batch = service.find_batch(session, batch_id or 0)
    if level == service.BATCH:
        white = service.find_white(session, batch.white_id)
        key = institution_key(session, keyring, white.master_id, batch.institution_code)
        return Access(*batch_card_keys(keyring, key, shown.uid))
    authority = workshop.room.present()
    if authority is None:
        return Access(PUBLIC_READ_KEY, None)
    batch_key = _batch_key(authority, batch)
    return Access(PUBLIC_READ_KEY, keys.one_time_access_key(batch_key, shown.uid), batch_key)


def _batch_key(authority: Authority, batch: Batch) -> bytes:
    return keys.batch_key(keys.white_scalar(authority.secret.reveal(), batch.white_id), batch.id)


def _batch_in_header(shown: Shown) -> int:
    return int.from_bytes(shown.header[records.HEADER_BYTES : records.HEADER_BYTES + 4], "big")


def _compare(
    session: Session, report: CardVerified, card: Card | None, record: Record, access: Access, uid: bytes
) -> CardVerified:
    match record:
        case MasterRecord():
            master = session.get(Master, record.master_id)
            same = master is not None and master.authority_key == record.authority_key
            return _result(report, card, {"master_id": record.master_id}, same)
        case WhiteRecord():
            white = session.get(White, record.certificate.white_id)
            same = white is not None and white.certificate == record.certificate.encode()
            return _result(report, card, {"white_id": record.certificate.white_id}, same)
        case BatchRecord():
            batch = session.get(Batch, record.batch.batch_id)
            same = batch is not None and batch.certificate == record.batch.encode()
            return _result(report, card, {"batch_id": record.batch.batch_id}, same and _linked(record))
        case OneTimeRecord():
            genuine = None
            if access.batch_key is not None:
                expected = keys.one_time_tag(access.batch_key, uid, record.batch_id, record.credit)
                genuine = equal(expected, record.tag)
            return _result(report, card, {"batch_id": record.batch_id, "credit": record.credit}, genuine)


def _linked(record: BatchRecord) -> bool:
    try:
        chain.check_batch(record.white, record.batch, None)
    except ProtocolError:
        return False
    return True


def _result(report: CardVerified, card: Card | None, numbers: dict[str, int], genuine: bool | None) -> CardVerified:
    findings = [
        f"the card says {name} {number}, the registry says {getattr(card, name)}"
        for name, number in numbers.items()
        if card is not None and getattr(card, name) != number
    ]
    if findings or card is None:
        genuine = False
    if genuine is None:
        findings.append("the tag was not checked: open the authority's session to check it")
    return report.model_copy(update={**numbers, "genuine": genuine, "findings": report.findings + findings})


def _not_genuine(report: CardVerified, finding: str) -> CardVerified:
    return report.model_copy(update={"genuine": False, "findings": [*report.findings, finding]})


def _refuse_used(session: Session, card: Card) -> None:
    if card.level != service.ONE_TIME:
        raise CardInUse(f"a {card.level} card is not made blank: give it up or let it expire")
    if _is_used(session, card):
        raise CardInUse("this card was debited: its credit is spent")


def _is_used(session: Session, card: Card) -> bool:
    return card_rows.is_used(session, card.batch_id or 0, card.credit or 0)


def _blank_again(session: Session, card_id: int, reissue: bool, now: int) -> Card:
    """The device proved it blank: its content may go on another card."""
    card = cards.get(session, card_id)
    if card.state == cards.WRITTEN:
        cards.erased(session, card, now)
    else:
        cards.failed(session, card, "erased", "", now)
    if reissue:
        job = service.find_job(session, card.job_id or 0)
        if job.state == service.DONE:
            service.settle(session, job, service.PAUSED, "reissue", "a card of this job is to be made again", now)
        return cards.plan_again(session, card, now)
    card.outcome = cards.VOIDED
    return card
