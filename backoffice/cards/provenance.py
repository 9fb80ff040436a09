"""Where one credit comes from: master card, white card, batch, the plastic, the debits."""

from sqlmodel import Session

from backoffice.cards import repository
from backoffice.cards.repository import OF_CREDIT_SHOWN
from backoffice.cards.schemas import CardRead, ChainLink, DebitRead, Provenance
from backoffice.errors import NotFound


def of_credit(session: Session, credit: int) -> Provenance:
    """The whole way of one credit. Raises NotFound when no batch was signed for it."""
    batch = repository.batch_of_credit(session, credit)
    if batch is None:
        raise NotFound(f"credit {credit} belongs to no batch")
    white = repository.white_of(session, batch)
    chain = [_link(session, "batch", batch.id, batch.first_credit, batch.count)]
    if white is not None:
        chain.insert(0, _link(session, "white", white.id, white.first_credit, white.quota))
        chain.insert(0, _link(session, "master", white.master_id, None, None))
    cards, debits = repository.cards_of_credit(session, credit), repository.usage_of_credit(session, credit)
    return Provenance(
        credit=credit,
        chain=chain,
        machine_id=batch.machine_id,
        institution_code=batch.institution_code,
        cards=[CardRead.of(card) for card in cards[:OF_CREDIT_SHOWN]],
        debits=[DebitRead.model_validate(usage, from_attributes=True) for usage in debits[:OF_CREDIT_SHOWN]],
        more=max(len(cards), len(debits)) > OF_CREDIT_SHOWN,
    )


def _link(session: Session, level: str, number: int, first_credit: int | None, count: int | None) -> ChainLink:
    card = repository.card_of(session, level, number)
    return ChainLink(
        level=level,
        number=number,
        first_credit=first_credit,
        credits=count,
        uid=card.uid if card else "",
        card_state=card.state if card else "",
    )
