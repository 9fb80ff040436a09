"""What happens shows on an open page without loading it again: a real sealed report goes in, the page moves."""

import httpx2
import pytest
from playwright.sync_api import Browser, expect
from protocol import journal

from backoffice.db import transaction
from backoffice.events.broker import Event
from backoffice.models import Card, IssuingJob
from tests.host.backoffice.machines import Machine, add_machine
from tests.host.backoffice.web.office import Office, Visit

NEW_MACHINE = 4001
MARK = "window.marked = true"


@pytest.fixture
def machine(office: Office) -> Machine:
    """One more machine at the first institution, with a real key."""
    made = add_machine(office.context, Machine(NEW_MACHINE, key=b"q" * 32, time=office.clock.now - 30), 1)
    made.write(journal.BOOT)
    return made


def report(office: Office, machine: Machine) -> None:
    """Send the whole journal; what the server has already, it knows."""
    answer = httpx2.post(
        f"{office.url}/api/v1/uplink", content=machine.report(), headers={"content-type": "application/cose"}
    )
    assert answer.status_code == 200, answer.text


def end_streams(office: Office) -> None:
    """What a restart of the server does to open pages."""
    office.context.broker.hang_up()


def watch(visit: Visit, path: str) -> None:
    """Open a page and leave a mark that a reload would wipe out."""
    visit.go(path)
    visit.charts_drawn()
    visit.is_live()
    visit.page.evaluate(MARK)


def test_a_debit_appears_on_the_dashboard(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    page = visit.page
    today = page.locator("[data-key=total-days-1]")
    before = int(today.get_attribute("data-value") or 0)
    bar = page.locator("#by-day tr[data-today]")
    assert bar.get_attribute("data-count") == str(before)

    machine.exam(45077)
    report(office, machine)

    newest = page.locator("#latest tbody tr").first
    expect(newest).to_contain_text("Card 45077")
    expect(newest).to_contain_text("just now")
    expect(newest).to_contain_text("North Eye Clinic")
    expect(page.locator("#live-state")).to_contain_text("an exam just now")
    expect(today).to_have_attribute("data-value", str(before + 1))
    expect(bar).to_have_attribute("data-count", str(before + 1))
    expect(page.locator("#machines")).to_contain_text("Machine 4001")
    assert page.evaluate("window.marked") is True
    assert page.locator(".chart-view svg").count() == 1

    newest.get_by_role("link", name="Card 45077").click()
    visit.wait_for("Counted as one exam")
    visit.wait_for("Debited at the machine")


def test_the_bar_of_today_grows(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, f"/machines/{NEW_MACHINE}")
    today = visit.page.locator(".chart-view .mark-rect path").last
    flat = today.get_attribute("d") or ""
    machine.exam(45077)
    report(office, machine)
    expect(visit.page.locator("#log")).to_contain_text("45077")
    expect(today).not_to_have_attribute("d", flat)
    assert visit.page.evaluate("window.marked") is True


def test_a_page_that_lost_the_server_catches_up(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    page = visit.page
    page.route("**/events*", lambda route: route.abort())
    end_streams(office)
    page.locator("#live-state[data-state=lost]").wait_for()
    expect(page.locator("#live-state")).to_contain_text("Connection lost")
    machine.exam(45077)
    report(office, machine)
    assert "Card 45077" not in (page.locator("#latest").text_content() or "")
    page.unroute("**/events*")
    expect(page.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    visit.is_live()
    assert page.evaluate("window.marked") is True


def test_what_the_reader_holds_stays(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    page = visit.page
    page.get_by_text("Show as a table").click()
    page.locator("#latest").get_by_role("link", name="Card 5291").focus()
    machine.exam(45077)
    report(office, machine)
    expect(page.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    assert page.evaluate("document.activeElement.textContent") == "Card 5291"
    assert page.locator("#by-day details").get_attribute("open") is not None


def test_others_institutions_do_not_move_my_page(browser: Browser, office: Office, machine: Machine) -> None:
    other = add_machine(office.context, Machine(4002, key=b"r" * 32, time=office.clock.now - 60), 2)
    with Visit(browser, office) as visit:
        visit.enter("clinic")
        watch(visit, "/")
        other.exam(99)
        report(office, other)
        machine.exam(45077)
        report(office, machine)
        expect(visit.page.locator("#latest tbody tr").first).to_contain_text("Card 45077")
        assert visit.page.get_by_text("Card 99").count() == 0


def test_a_job_shows_its_progress(office: Office, visit: Visit) -> None:
    watch(visit, "/issuing/1")
    bar = visit.page.locator("#job progress")
    expect(bar).to_have_js_property("value", 124)
    with transaction(office.context.engine) as session:
        job = session.get_one(IssuingJob, 1)
        for place, state, reason in ((1, "written", ""), (2, "failed", "damaged")):
            session.add(
                Card(
                    level="one_time",
                    batch_id=job.batch_id,
                    credit=91_000 + place,
                    uid=f"0c00000{place}",
                    medium="classic1k",
                    state=state,
                    reason=reason,
                    warning="weak_medium",
                    job_id=1,
                    created_at=office.clock.now,
                    changed_at=office.clock.now,
                )
            )
        office.context.broker.publish_after_commit(session, Event("issuing", {"id": 1}))
    expect(bar).to_have_js_property("value", 125)
    expect(visit.page.locator("#failed tbody tr").first).to_contain_text("damaged: cannot be read in full")
    expect(visit.page.get_by_text("These cards can be copied.")).to_be_visible()
    assert visit.page.evaluate("window.marked") is True


def test_an_alert_appears_by_itself(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/alerts")
    count = visit.page.locator("#open-alerts")
    expect(count).to_contain_text("5")
    for _ in range(2):
        machine.exam(45077)
    report(office, machine)
    expect(count).to_contain_text("6")
    expect(visit.page.locator("#alerts")).to_contain_text("One card was debited twice")
    assert visit.page.evaluate("window.marked") is True
