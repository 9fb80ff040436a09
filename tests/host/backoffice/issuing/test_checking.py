"""Verify and recover a card at the desk."""

import pytest

from backoffice.authority.sealing import Cost
from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.shop import Shop


@pytest.fixture
def issued(batch_shop: Shop) -> list[FakeCard]:
    cards = batch_shop.blanks(5)
    batch_shop.child_issuer.show(batch_shop.batch, *cards)
    batch_shop.finished(batch_shop.order_one_time())
    return cards


def check(shop: Shop, card: FakeCard) -> dict[str, object]:
    shop.child_issuer.show(card)
    found: dict[str, object] = shop.post("/issuing/verify", device_id=shop.child_issuer_id)
    return found


def test_every_level_is_recognised(batch_shop: Shop, issued: list[FakeCard]) -> None:
    for card, level in (
        (batch_shop.master, "master"),
        (batch_shop.white, "white"),
        (batch_shop.batch, "batch"),
        (issued[0], "one_time"),
    ):
        found = check(batch_shop, card)
        assert (found["kind"], found["genuine"], found["findings"]) == (level, True, [])


def test_without_the_authority_a_tag_is_not_judged(batch_shop: Shop, issued: list[FakeCard]) -> None:
    batch_shop.client.delete("/api/v1/authority/session")
    found = check(batch_shop, issued[0])
    assert (found["genuine"], found["credit"]) == (None, 1)


def test_a_clone_is_found_out(batch_shop: Shop, issued: list[FakeCard]) -> None:
    clone = FakeCard(uid=b"\x99\x99\x99\x99", kind="one_time", record=issued[0].record, read_key=issued[0].read_key)
    assert check(batch_shop, clone)["genuine"] is False


def test_an_unused_card_is_made_blank_and_issued_anew(batch_shop: Shop, issued: list[FakeCard]) -> None:
    batch_shop.child_issuer.show(issued[1])
    planned = batch_shop.post("/issuing/recover", device_id=batch_shop.child_issuer_id)
    assert (planned["state"], planned["credit"], planned["attempt"]) == ("planned", 2, 2)
    assert issued[1].kind == "blank"
    new = batch_shop.blank()
    batch_shop.child_issuer.show(batch_shop.batch, new)
    batch_shop.resume(planned["job_id"])
    assert batch_shop.finished(planned["job_id"])["erased"] == 1
    assert check(batch_shop, new)["credit"] == 2


def test_a_card_that_is_not_to_be_issued_anew_is_void(batch_shop: Shop, issued: list[FakeCard]) -> None:
    batch_shop.child_issuer.show(issued[1])
    void = batch_shop.post("/issuing/recover", device_id=batch_shop.child_issuer_id, reissue=False)
    assert (void["state"], issued[1].kind) == ("erased", "blank")
    job = batch_shop.get(f"/issuing/jobs/{void['job_id']}")
    assert (job["state"], job["voided"], job["reissued"], job["planned"]) == ("done", 1, 0, 0)
    assert batch_shop.get("/issuing/stock")[0]["left"] == 4


def test_a_torn_card_is_made_blank_and_its_content_goes_on_another(batch_shop: Shop) -> None:
    cards = batch_shop.blanks(6)
    cards[0].mishaps = ["removed_early"]
    batch_shop.child_issuer.show(batch_shop.batch, cards[0])
    job_id = batch_shop.order_one_time()
    batch_shop.wait_until(job_id, lambda job: job["torn"] == 1)
    batch_shop.post(f"/issuing/jobs/{job_id}/cancel")
    batch_shop.finished(job_id, "cancelled")
    batch_shop.child_issuer.show(cards[0])
    planned = batch_shop.post("/issuing/recover", device_id=batch_shop.child_issuer_id)
    assert (planned["state"], planned["credit"], cards[0].kind) == ("planned", 1, "blank")
    batch_shop.child_issuer.show(batch_shop.batch, *cards[1:])
    batch_shop.resume(job_id)
    job = batch_shop.finished(job_id)
    assert (job["written"], job["failed"], job["reissued"], job["erased"]) == (5, 1, 1, 0)


def test_a_white_card_is_not_made_blank(batch_shop: Shop) -> None:
    batch_shop.child_issuer.show(batch_shop.white)
    batch_shop.refused("/issuing/recover", "card_in_use", device_id=batch_shop.child_issuer_id)


def test_costs_out_of_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="memory"):
        Cost(memory_log2_kib=21)
    with pytest.raises(ValueError, match="passes"):
        Cost(passes=17)
