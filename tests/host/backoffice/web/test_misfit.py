"""A debit that does not fit what was issued: seen, marked, explained, in no total."""

import httpx2
import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import func, select

from backoffice.db import transaction
from backoffice.models import Usage
from tests.host.backoffice.machines import Machine, add_machine
from tests.host.backoffice.web.office import PATIENCE_S, Office, Visit

SAYS = {
    "en-GB": ("This debit does not count.", "not counted: it was never issued", "does not fit what was issued"),
    "zh-CN": ("此次扣费不计入。", "未计入：从未发卡", "收到与发卡记录不符的扣费"),
}


@pytest.fixture
def claim(office: Office) -> int:
    """The id of a debit of a batch that nobody issued."""
    machine = add_machine(office.context, Machine(4001, key=b"q" * 32, time=office.clock.now - 30), 1)
    machine.exam(45_077, batch=9_999)
    answer = httpx2.post(f"{office.url}/api/v1/uplink", content=machine.report(), timeout=PATIENCE_S)
    assert answer.status_code == 200
    with transaction(office.context.engine) as session:
        return session.exec(select(func.max(Usage.id))).one() or 0


@pytest.mark.parametrize("locale", SAYS)
def test_a_debit_that_does_not_fit_is_explained(browser: Browser, office: Office, claim: int, locale: str) -> None:
    headline, state, alert = SAYS[locale]
    with Visit(browser, office, locale=locale) as visit:
        visit.enter("admin")
        visit.go(f"/usage/{claim}")
        expect(visit.page.locator("main")).to_contain_text(headline)
        expect(visit.page.locator("main")).to_contain_text(state)
        visit.go("/alerts")
        expect(visit.page.locator("main")).to_contain_text(alert)
