"""Orders at the issuing pages. What a job does with cards is tested where it is done; here is what a person sees."""

from playwright.sync_api import expect

from backoffice.db import transaction
from backoffice.models import Device, IssuingJob
from tests.host.backoffice.web.office import Office, Visit


def test_a_device_that_is_not_there_is_said_so(visit: Visit) -> None:
    visit.go("/issuing/2")
    visit.page.get_by_label("PIN of the white card").fill("123456")
    visit.page.get_by_role("button", name="Resume").click()
    expect(visit.page.locator("#job")).to_contain_text("The device's port cannot be opened")
    assert visit.path == "/issuing/2"


def test_a_refused_order_of_cards_keeps_what_was_chosen(office: Office, visit: Visit) -> None:
    with transaction(office.context.engine) as session:
        other = Device(id=3, name="Second issuer", url="/dev/ttyNOWHERE3", role="child_issuer", created_at=0)
        session.add(other)
    visit.go("/issuing")
    visit.page.get_by_label("Issuer").select_option("3")
    visit.page.get_by_label("PIN of the white card").fill("123456")
    with office.app.state.workshop.station(other).claim("somebody"):
        visit.page.get_by_role("button", name="Begin").click()
        expect(visit.page.get_by_role("alert")).to_contain_text("Somebody else is working with this device.")
    visit.forgive("the server responded with a status of")
    assert visit.path == "/issuing"
    expect(visit.page.get_by_label("Issuer")).to_have_value("3")
    expect(visit.page.get_by_label("PIN of the white card")).to_have_value("")


def test_the_rest_of_a_job_is_given_up(visit: Visit) -> None:
    visit.go("/issuing/2")
    visit.page.get_by_role("button", name="Give up the rest").click()
    visit.wait_for("The rest of this job was given up.")
    assert visit.page.get_by_role("button", name="Resume").count() == 0


def test_a_job_is_stopped(office: Office, visit: Visit) -> None:
    with transaction(office.context.engine) as session:
        session.get_one(IssuingJob, 1).state = "running"
    visit.go("/issuing/1")
    visit.page.get_by_role("button", name="Stop after this card").click()
    expect(visit.page.locator("#job .pill")).to_have_text("Cancelled")
    expect(visit.page.get_by_role("button", name="Resume")).to_be_visible()


def test_cards_are_ordered(visit: Visit) -> None:
    visit.go("/issuing")
    expect(visit.page.get_by_label("Batch").locator("option")).to_have_count(1)
    visit.page.get_by_label("PIN of the white card").fill("123456")
    visit.page.get_by_role("button", name="Begin").click()
    visit.page.wait_for_load_state()
    assert visit.path == "/issuing/4", visit.page.locator("main").inner_text()
    expect(visit.page.locator("#job")).to_contain_text("of 60 written")
