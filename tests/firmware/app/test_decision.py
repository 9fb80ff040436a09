"""The rule, question by question, and all of its combinations."""

from decision import FRESH, MINE, OTHER, Accept, Facts, Refuse, Resume, decide
from protocol import reasons

SWITCHES = (
    "locked",
    "machine_has_batches",
    "batch_known",
    "batch_revoked",
    "batch_expired",
    "in_range",
    "authentic",
    "credit_revoked",
    "spent",
    "in_doubt",
    "exam_running",
    "exam_is_this_credit",
)


def facts(**changes):
    made = Facts()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def refusal(**changes):
    verdict = decide(facts(**changes))
    return verdict.reason if isinstance(verdict, Refuse) else None


def test_good_fresh_card():
    assert isinstance(decide(facts()), Accept)


def test_one_thing_wrong():
    assert refusal(locked=True) == reasons.LOCKED
    assert refusal(machine_has_batches=False, batch_known=False) == reasons.NOT_INITIALISED
    assert refusal(batch_known=False) == reasons.OTHER_BATCH
    assert refusal(authentic=False) == reasons.FORGED
    assert refusal(in_range=False) == reasons.OUT_OF_RANGE
    assert refusal(batch_revoked=True) == reasons.REVOKED
    assert refusal(credit_revoked=True) == reasons.REVOKED
    assert refusal(spent=True, burn_state=MINE) == reasons.USED
    assert refusal(batch_expired=True) == reasons.EXPIRED
    assert refusal(exam_running=True) == reasons.BUSY
    assert refusal(spent=True, exam_running=True, exam_is_this_credit=True) == reasons.STILL_RUNNING
    assert refusal(burn_state=MINE) == reasons.USED
    assert refusal(burn_state=OTHER) == reasons.DAMAGED


def test_card_in_doubt_is_finished():
    for state, burn in ((FRESH, True), (OTHER, True), (MINE, False)):
        verdict = decide(facts(in_doubt=True, burn_state=state))
        assert isinstance(verdict, Resume)
        assert verdict.burn == burn
        assert not verdict.intent


def test_card_in_doubt_is_finished_although_its_batch_has_expired():
    assert isinstance(decide(facts(in_doubt=True, batch_expired=True)), Resume)


def test_a_clone_of_a_spent_card_is_used():
    assert refusal(spent=True, burn_state=FRESH) == reasons.USED


def test_no_combination_grants_what_must_not_be():
    """All 4096 combinations of the facts, each with the three states of the burn block."""
    for number in range(1 << len(SWITCHES)):
        values = {name: bool(number >> index & 1) for index, name in enumerate(SWITCHES)}
        for state in (FRESH, MINE, OTHER):
            made = facts(burn_state=state, **values)
            verdict = decide(made)
            if isinstance(verdict, Refuse):
                assert verdict.reason in reasons.NAMES
                continue
            assert made.batch_known
            assert made.authentic
            assert made.in_range
            for forbidden in ("locked", "spent", "exam_running", "batch_revoked", "credit_revoked"):
                assert not getattr(made, forbidden)
            assert made.in_doubt == isinstance(verdict, Resume)
            assert made.in_doubt or state == FRESH
            assert verdict.burn or state == MINE
