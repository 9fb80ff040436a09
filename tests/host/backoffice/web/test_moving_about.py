"""Every view is an address: filters, lists, the way from a figure to its origin."""

from playwright.sync_api import Browser, expect

from tests.host.backoffice.web.office import PHONE, Office, Visit
from tests.host.backoffice.web.seed import MISSING


def test_a_filter_goes_into_the_address(visit: Visit) -> None:
    visit.go("/usage")
    visit.page.get_by_label("Institution").select_option(label="Riverside Hospital")
    visit.page.wait_for_url("**/usage?institution=2")
    expect(visit.page.locator("#exams tbody")).not_to_contain_text("North Eye Clinic")
    visit.page.get_by_label("From").fill("2026-11-20")
    visit.page.wait_for_url("**/usage?institution=2&since=2026-11-20")
    visit.page.get_by_role("link", name="Older").click()
    assert "older_than=" in visit.page.url
    assert "since=2026-11-20" in visit.page.url
    visit.page.go_back()
    visit.page.go_back()
    visit.page.wait_for_url("**/usage?institution=2")
    expect(visit.page.get_by_label("Institution")).to_have_value("2")


def test_back_from_another_filter_shows_the_one_that_the_list_has(visit: Visit) -> None:
    visit.go("/usage?institution=2")
    visit.page.get_by_label("Institution").select_option(label="North Eye Clinic")
    visit.page.wait_for_url("**/usage?institution=1")
    expect(visit.page.locator("#exams tbody")).not_to_contain_text("Riverside Hospital")
    visit.page.go_back()
    expect(visit.page.locator("#exams tbody")).not_to_contain_text("North Eye Clinic")
    expect(visit.page.get_by_label("Institution")).to_have_value("2")


def test_beyond_the_end_of_a_list(visit: Visit) -> None:
    """Nothing is said to be empty that is not; one click leads to where the list begins, with its filters."""
    for path, name, begin in (
        ("/usage?institution=2&older_than=1-1", "exams", "/usage?institution=2"),
        ("/cards?older_than=1-1", "cards", "/cards"),
        ("/issuing?older_than=1-1", "jobs", "/issuing"),
        ("/sms?older_than=1-1-1", "sms", "/sms"),
        ("/alerts?better_than=0-1-1", "alerts", "/alerts"),
        ("/machines?after=99999999", "machines", "/machines"),
        ("/machines/1002?below=1", "log", "/machines/1002"),
        ("/machines/1002?older=1", "order-list", "/machines/1002#orders"),
    ):
        assert visit.go(path).status == 200, path
        place = visit.page.locator(f"#{name}")
        expect(place).to_contain_text("The list has ended before this place")
        assert place.get_by_role("link", name="To its beginning").get_attribute("href") == begin
    visit.go("/usage?offset=100000")  # of earlier releases: not there any more, so it moves nothing
    expect(visit.page.locator("#exams tbody tr")).to_have_count(50)


def test_a_filter_that_finds_nothing_says_so(visit: Visit) -> None:
    visit.go("/usage?institution=3&until=2020-01-01")
    visit.wait_for("No exam fits these filters")
    visit.page.locator("#exams").get_by_role("link", name="All exams").click()
    assert visit.path == "/usage"


def test_totals_lead_to_their_exams(visit: Visit) -> None:
    visit.go("/")
    tile = visit.page.locator("[data-key=total-days-7]")
    number = int(tile.get_attribute("data-value") or 0)
    tile.click()
    expect(visit.page.locator("#exams-name")).to_have_text(f"{number} exams")


def test_the_log_marks_what_is_missing(visit: Visit) -> None:
    visit.go("/machines/1002")
    gap = visit.page.locator("tr.gap")
    expect(gap).to_contain_text(f"3 entries are missing ({MISSING[0]}–{MISSING[1]})")
    visit.page.get_by_label("Kind").select_option(label="Card refused")
    visit.page.wait_for_url("**/machines/1002?kind=10*")
    expect(visit.page.locator("#log tbody tr")).to_have_count(1)
    expect(visit.page.locator("#log tbody")).to_contain_text("already used")


def test_a_gap_between_two_pages_is_not_lost(visit: Visit) -> None:
    visit.go(f"/machines/1002?below={MISSING[1] + 1}")
    expect(visit.page.locator("#log tbody tr").first).to_contain_text("3 entries are missing")


def test_a_debit_shows_where_it_comes_from(visit: Visit) -> None:
    visit.go("/machines/1001")
    visit.page.locator("#log td a").first.click()
    steps = visit.page.locator(".trail h3")
    expect(steps).to_have_count(6)
    names = ["Signed for by", "Drawn as a batch", "Written on", "Debited at", "Reported to", "Counted as"]
    for place, words in enumerate(names):
        expect(steps.nth(place)).to_contain_text(words)
    expect(visit.page.locator(".trail .badge.good")).to_have_count(6)


def test_the_machine_tells_silence_from_lateness(visit: Visit) -> None:
    visit.go("/machines")
    states = visit.page.locator("#machines tbody .pill").all_inner_texts()
    assert sorted(states) == ["Late", "Reporting", "Reporting", "Reporting", "Silent"]


def test_the_menu_of_a_phone(browser: Browser, office: Office) -> None:
    with Visit(browser, office, viewport=PHONE) as visit:
        visit.enter("admin")
        visit.go("/")
        menu = visit.page.get_by_role("link", name="Machines", exact=True)
        expect(menu).to_be_hidden()
        visit.page.get_by_role("button", name="Menu").click()
        expect(menu).to_be_visible()
        visit.page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        visit.page.get_by_role("button", name="Menu").click()
        menu.click()
        visit.page.wait_for_url("**/machines")


def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    visit.go("/machines")
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "content"
