"""Every page, in every dress: it loads, fits, can be read, is labelled, and keeps to its policy."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import delete

from backoffice.db import transaction
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineRegister, MachineRole
from backoffice.models import Alert
from tests.host.backoffice.web.office import DESKTOP, PHONE, Office, Visit

PAGES = (
    "/",
    "/?days=7",
    "/institutions",
    "/institutions/1?days=90",
    "/machines",
    "/machines?presence=silent",
    "/machines/1002",
    "/usage",
    "/usage?institution=2&since=2026-11-01",
    "/usage/3700",
    "/issuing",
    "/issuing/1",
    "/issuing/3",
    "/service-card",
    "/sms",
    "/sms?direction=in&state=refused",
    "/cards",
    "/cards?batch=1001&state=used",
    "/alerts",
    "/alerts?state=cleared",
    "/docs",
    "/password",
)

DRESSES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": DESKTOP},
    "dark": {"color_scheme": "dark", "viewport": DESKTOP},
    "phone": {"color_scheme": "light", "viewport": PHONE, "has_touch": True},
}

# Text against the first painted surface behind it, WCAG 2.2 1.4.3: 4.5 to 1, or 3 to 1 when it is large.
FAINT_TEXT = """
() => {
  const channels = (color) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const surface = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (color !== "rgba(0, 0, 0, 0)") return channels(color);
    }
    return channels("white");
  };
  const faint = [];
  const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (seen.nextNode()) {
    const element = seen.currentNode.parentElement;
    if (!seen.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg, option")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(channels(style.color)), light(surface(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (contrast < (large ? 3 : 4.5)) faint.push(`${seen.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
  }
  return faint;
}
"""

UNNAMED = """
() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, progress")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim()))
  .map((one) => one.outerHTML)
"""

REPEATED_IDS = """
() => [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, place, all) => all.indexOf(id) !== place)
"""

SMALL_TARGETS = """
() => [...document.querySelectorAll("button, select, input:not([type=hidden]), .menu-link, .segments a")]
  .filter((one) => one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().height < 24)
  .map((one) => one.outerHTML)
"""


# Tables that are wider than what surrounds them: their last column would be out of sight.
CUT_OFF = """
() => [...document.querySelectorAll(".table-wrap")]
  .filter((wrap) => wrap.scrollWidth > wrap.clientWidth)
  .map((wrap) => wrap.closest("section")?.id ?? wrap.outerHTML.slice(0, 80))
"""
SMALL_LAPTOP = {"width": 1280, "height": 800}


@pytest.mark.parametrize("dress", DRESSES)
def test_every_page(browser: Browser, office: Office, dress: str) -> None:
    with Visit(browser, office, **DRESSES[dress]) as visit:
        visit.enter("admin")
        for path in PAGES:
            assert visit.go(path).status == 200, path
            visit.charts_drawn()
            page = visit.page
            assert page.locator("h1").count() == 1, path
            assert page.title().endswith("· Perscan"), path
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= DRESSES[dress]["viewport"]["width"], (path, width)
            for check in (FAINT_TEXT, UNNAMED, REPEATED_IDS, SMALL_TARGETS):
                assert page.evaluate(check) == [], path
            assert not visit.complaints, visit.complaints


def test_no_table_is_cut_off_on_a_small_laptop(browser: Browser, office: Office) -> None:
    with Visit(browser, office, viewport=SMALL_LAPTOP) as visit:
        visit.enter("admin")
        for path in PAGES:
            visit.go(path)
            assert visit.page.evaluate(CUT_OFF) == [], path


def test_card_issuers_are_not_expected_to_report(visit: Visit) -> None:
    with transaction(visit.office.context.engine) as session:
        wanted = MachineRegister(role=MachineRole.CHILD_ISSUER, name="Desk 1")
        number = machines.register(session, wanted, 3600, visit.office.clock.now).id
    visit.go("/")
    row = visit.page.locator(f"#machines [data-key=machine-{number}]")
    assert "At the desk" in row.inner_text()
    assert visit.page.locator("[data-key=presence]").get_attribute("data-value") == "3/5"
    visit.go(f"/machines/{number}")
    assert "never" not in visit.page.locator("main").inner_text().lower()


def test_an_empty_office_says_what_to_do(browser: Browser, empty_office: Office) -> None:
    with Visit(browser, empty_office) as visit:
        visit.enter("admin")
        for path, words in (
            ("/", "The first exam appears here by itself"),
            ("/institutions", "No institution yet"),
            ("/machines", "No machine yet"),
            ("/usage", "No exam yet"),
            ("/issuing", "No cards have been issued yet"),
            ("/cards", "No card yet"),
            ("/service-card", "No card reader here"),
            ("/sms", "Short messages are switched off."),
            ("/alerts", "Nothing to look at"),
        ):
            assert visit.go(path).status == 200
            visit.charts_drawn()
            visit.wait_for(words)


def test_an_error_is_a_page(visit: Visit) -> None:
    for path, status, words in (
        ("/nowhere", 404, "There is nothing here"),
        ("/machines/999", 404, "There is nothing here"),
        ("/usage/999999", 404, "There is nothing here"),
        ("/institutions/999", 404, "There is nothing here"),
        ("/machines/4294967296000000000000", 422, "This address makes no sense"),
        ("/issuing/999", 404, "There is nothing here"),
        ("/?days=0", 422, "This address makes no sense"),
        ("/?days=abc", 422, "This address makes no sense"),
        ("/usage?since=yesterday", 422, "This address makes no sense"),
        ("/alerts?state=lost", 422, "This address makes no sense"),
    ):
        assert visit.go(path).status == status, path
        visit.wait_for(words)
        visit.forgive("Failed to load resource")
        expect(visit.page.get_by_role("link", name="Machines", exact=True)).to_be_visible()  # the menu is there


def test_what_is_not_for_an_account_keeps_its_menu(browser: Browser, office: Office) -> None:
    with Visit(browser, office) as visit:
        visit.enter("clinic")
        for path, status in (("/issuing", 403), ("/institutions/2", 404)):
            assert visit.go(path).status == status
            visit.forgive("Failed to load resource")
            expect(visit.page.get_by_role("link", name="Machines", exact=True)).to_be_visible()
            assert visit.page.get_by_role("link", name="Issuing").count() == 0
            expect(visit.page.locator(".who")).to_contain_text("Clinic")


def test_a_machine_that_is_not_heard_of(visit: Visit) -> None:
    """What it said last is old, and nobody is told that there is nothing to look at."""
    with transaction(visit.office.context.engine) as session:
        session.exec(delete(Alert))
    for path in ("/", "/alerts", "/machines/3002"):
        visit.go(path)
        alerts = visit.page.locator("#alerts")
        expect(alerts).to_contain_text("not reporting as expected")
        expect(alerts).not_to_contain_text("Nothing to look at")
    for place in ("#health", "#links"):
        expect(visit.page.locator(place)).to_contain_text("As of its last report, 3 days ago")
    expect(visit.page.locator("#health .pill.good")).to_have_count(0)
    visit.go("/machines/1001")
    expect(visit.page.locator("#health")).not_to_contain_text("As of its last report")
    expect(visit.page.locator("#alerts")).to_contain_text("Nothing to look at")


def test_pages_can_be_read_without_scripts(browser: Browser, office: Office) -> None:
    with Visit(browser, office, java_script_enabled=False) as visit:
        visit.enter("admin")
        visit.go("/")
        visit.page.get_by_text("Show as a table").first.click()
        assert visit.page.locator("#by-day tbody tr").count() == 30
        visit.go("/usage")
        visit.page.get_by_label("Institution").select_option("2")
        visit.page.get_by_role("button", name="Apply").click()
        assert "institution=2" in visit.page.url
        assert visit.page.locator("#exams tbody tr").count() == 50
