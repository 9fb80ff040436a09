"""What happens shows on an open page without loading it again: a real sealed report goes in, the page moves."""

import httpx2
import pytest
from playwright.sync_api import Browser, Route, expect
from protocol import journal

from backoffice.db import transaction
from backoffice.events.broker import Broker, Event
from backoffice.models import Card, IssuingJob
from backoffice.web import assets
from tests.host.backoffice.machines import Machine, add_machine, batch_of
from tests.host.backoffice.web.office import PATIENCE_MS, PATIENCE_S, Office, Visit

NEW_MACHINE = 4001
MARK = "window.marked = true"


@pytest.fixture
def machine(office: Office) -> Machine:
    """One more machine at the first institution, with a real key."""
    new = Machine(NEW_MACHINE, key=b"q" * 32, time=office.clock.now - 30)
    made = add_machine(office.context, new, 1, batch_of(new, 45_000, 100))
    made.write(journal.BOOT)
    return made


def report(office: Office, machine: Machine) -> None:
    """Send the whole journal; what the server has already, it knows."""
    answer = httpx2.post(
        f"{office.url}/api/v1/uplink",
        content=machine.report(),
        headers={"content-type": "application/cose"},
        timeout=PATIENCE_S,
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
    expect(visit.page.locator("#by-day .panel-head")).to_contain_text("1 exam")  # what stands above it agrees
    assert visit.page.evaluate("window.marked") is True


@pytest.mark.parametrize("part", [f"/assets/{assets.vega_name()}", "/charts/use-by-day.json"])
def test_a_chart_that_does_not_come_is_a_table_and_tried_again(
    office: Office, machine: Machine, visit: Visit, part: str
) -> None:
    office.door.refuse(part, 503)
    visit.go("/")
    expect(visit.page.locator("#by-day table")).to_be_visible()
    visit.is_live()
    visit.forgive("no chart")
    visit.forgive("Failed to load resource")
    office.door.admit(part)
    machine.exam(45077)
    report(office, machine)
    visit.charts_drawn()


@pytest.mark.parametrize("status", [204, 502])
def test_a_page_that_lost_the_server_catches_up(office: Office, machine: Machine, visit: Visit, status: int) -> None:
    watch(visit, "/")
    page = visit.page
    office.door.refuse("/events", status, location="/nowhere")
    end_streams(office)
    expect(visit.shows("again")).to_contain_text("Not live since")
    office.door.wait_until_asked("/events", 2)
    machine.exam(45077)
    report(office, machine)
    assert "Card 45077" not in (page.locator("#latest").text_content() or "")
    office.door.admit("/events")
    expect(page.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    visit.is_live()
    assert page.evaluate("window.marked") is True


def test_a_new_start_of_the_server_is_noticed(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    office.door.refuse("/events", 502)
    end_streams(office)
    visit.shows("again")
    office.door.wait_until_asked("/events", 2)
    machine.exam(45077)
    report(office, machine)
    office.context.broker.moment = Broker().moment
    office.door.admit("/events")
    expect(visit.page.locator("#latest tbody tr").first).to_contain_text("Card 45077")


def test_what_happens_before_a_page_listens_is_not_missed(office: Office, machine: Machine, visit: Visit) -> None:
    page = visit.page
    asked = office.door.hold("/events")
    visit.go("/")
    assert asked.wait(PATIENCE_MS / 1000)
    machine.exam(45077)
    report(office, machine)
    assert "Card 45077" not in (page.locator("#latest").text_content() or "")
    office.door.release("/events")
    expect(page.locator("#latest tbody tr").first).to_contain_text("Card 45077")


def test_seven_tabs_share_one_stream(office: Office, machine: Machine, visit: Visit) -> None:
    tabs = [visit.page, *(visit.tab() for _ in range(6))]
    for tab in tabs:
        assert (answer := tab.goto(office.url)) is not None
        assert answer.ok
    for tab in tabs:
        expect(tab.locator("#live-state")).to_have_attribute("data-state", "live")
    machine.exam(45077)
    report(office, machine)
    for tab in tabs:
        expect(tab.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    assert office.context.broker.listeners == 1
    assert office.door.asked["/events"] == 1


def test_a_new_tab_hears_what_came_after_it_was_made(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/machines")
    second = visit.tab()

    def meanwhile(route: Route) -> None:
        machine.exam(45077)
        report(office, machine)
        route.continue_()

    second.route("**/app.js", meanwhile)
    second.goto(office.url)
    expect(second.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    assert office.door.asked["/events"] == 1


def test_many_events_are_few_questions(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    before = office.door.asked["/"]
    for credit in range(45001, 45021):
        machine.exam(credit)
    report(office, machine)
    expect(visit.page.locator("#latest tbody tr").first).to_contain_text("Card 45020")
    assert office.door.asked["/"] - before <= 2


def test_a_busy_server_is_left_alone_and_the_page_says_how_old_it_is(
    office: Office, machine: Machine, visit: Visit
) -> None:
    watch(visit, "/")
    office.door.refuse("/", 503, retry_after="2")
    before = office.door.asked["/"]
    machine.exam(45077)
    report(office, machine)
    expect(visit.shows("old")).to_contain_text("Not up to date: what you see is from")
    visit.forgive("503")
    assert office.door.asked["/"] == before + 1
    expect(visit.page.locator("#latest tbody tr").first).to_contain_text("Card 5291")
    office.door.admit("/")
    expect(visit.page.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    visit.is_live()
    assert office.door.asked["/"] == before + 2


def test_a_login_that_ended_in_another_tab(browser: Browser, office: Office, machine: Machine) -> None:
    with Visit(browser, office) as visit:
        visit.enter("admin")
        watch(visit, "/")
        second = visit.tab()
        second.goto(office.url)
        second.get_by_role("button", name="Sign out").click()
        mark = visit.shows("ended")
        expect(mark).to_contain_text("You are signed out: what you see is from")
        visit.enter("clinic")
        second.goto(office.url)
        expect(second.locator("#live-state")).to_have_attribute("data-state", "live")
        machine.exam(45077)
        report(office, machine)
        expect(second.locator("#latest tbody tr").first).to_contain_text("Card 45077")
        assert "Card 45077" not in (visit.page.locator("#latest").text_content() or "")
        expect(visit.page.locator("#latest")).to_contain_text("Riverside Hospital")
        mark.get_by_role("link", name="Sign in again").click()
        expect(visit.page.locator(".who")).to_contain_text("Clinic")


def test_a_page_takes_nothing_that_another_login_brought(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    visit.enter("clinic")
    machine.exam(45077)
    report(office, machine)
    visit.shows("ended")
    expect(visit.page.locator(".who")).to_contain_text("Admin")
    assert "Card 45077" not in (visit.page.locator("#latest").text_content() or "")


def test_what_the_reader_holds_stays(office: Office, machine: Machine, visit: Visit) -> None:
    watch(visit, "/")
    page = visit.page
    page.get_by_text("Show as a table").click()
    page.locator("#latest").get_by_role("link", name="Card 5291").focus()
    before = int(page.locator("[data-key=total-days-30]").get_attribute("data-value") or 0)
    machine.exam(45077)
    report(office, machine)
    expect(page.locator("#latest tbody tr").first).to_contain_text("Card 45077")
    assert page.evaluate("document.activeElement.textContent") == "Card 5291"
    assert page.locator("#by-day details").get_attribute("open") is not None
    total = f"{before + 1:,} exams"
    expect(page.locator("#by-day .panel-head")).to_contain_text(total)
    assert page.locator("[data-key=total-days-30]").get_attribute("data-value") == str(before + 1)
    table = page.locator("#by-day summary")
    table.focus()
    machine.exam(45078)
    report(office, machine)
    expect(page.locator("#latest tbody tr").first).to_contain_text("Card 45078")
    expect(table).to_be_focused()


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
