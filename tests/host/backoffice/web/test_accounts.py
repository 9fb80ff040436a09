"""Signing in and out, passwords, languages, and who sees what."""

import re

import pytest
from playwright.sync_api import Browser, expect

from backoffice.accounts import passwords
from backoffice.accounts.roles import Role
from backoffice.accounts.schemas import UserCreate
from backoffice.accounts.throttle import GUESSING, Caller
from tests.host.backoffice.web.office import Office, Visit


@pytest.fixture
def stranger(browser: Browser, office: Office) -> Visit:
    return Visit(browser, office)


def test_a_stranger_is_led_to_the_login_and_back(stranger: Visit) -> None:
    with stranger as visit:
        visit.go("/usage?institution=2")
        assert visit.path == "/login?to=%2Fusage%3Finstitution%3D2"
        visit.page.get_by_label("Login name").fill("admin")
        visit.page.get_by_label("Password", exact=True).fill("wrong")
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("alert")).to_contain_text("Login name or password is wrong.")
        expect(visit.page.get_by_label("Login name")).to_have_value("admin")
        visit.forgive("401")
        visit.page.get_by_label("Password", exact=True).fill("correct horse battery")
        visit.page.keyboard.press("Enter")
        visit.wait_for("Show all")
        assert visit.path == "/usage?institution=2"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "x"])
def test_the_login_leads_nowhere_else(stranger: Visit, target: str) -> None:
    with stranger as visit:
        visit.go(f"/login?to={target}")
        visit.page.get_by_label("Login name").fill("admin")
        visit.page.get_by_label("Password", exact=True).fill("correct horse battery")
        visit.page.keyboard.press("Enter")
        visit.wait_for("Use by day")
        assert visit.path == "/"


@pytest.mark.parametrize(
    ("language", "first", "later", "over"),
    [
        ("en-GB", "Try again in 5 minutes.", r"Too many attempts. Try again in \d+ seconds.", "You can try again now."),
        ("zh-CN", "请在5分钟后重试。", r"尝试次数过多。请在\d+秒钟后重试。", "现在可以重试了。"),
    ],
)
def test_the_login_says_how_long_to_wait(
    browser: Browser, office: Office, language: str, first: str, later: str, over: str
) -> None:
    throttle, caller = office.context.throttle, Caller("127.0.0.1")
    for step in range(GUESSING.free + 6):
        throttle.reserve("clinic", caller, office.clock.now - 4000 + 320 * step)
    office.clock.now = office.clock.now - 4000 + 320 * (GUESSING.free + 5)
    with Visit(browser, office, locale=language) as visit:
        visit.page.clock.install()
        visit.go("/login")
        visit.page.locator("#login").fill("clinic")
        visit.page.locator("#password").fill("correct horse battery")
        visit.page.keyboard.press("Enter")
        notice = visit.page.locator("[data-wait] .notice")
        expect(notice).to_contain_text(first)
        counting = visit.page.locator("[data-wait]:not([role])")  # the script has begun: before, no time passes for it
        expect(counting).to_have_count(1)
        visit.forgive("429")
        visit.page.clock.run_for(250_000)
        expect(notice).to_contain_text(re.compile(later))
        visit.page.clock.run_for(60_000)
        expect(notice).to_contain_text(over)
        office.clock.now += 300
        visit.page.locator("#password").fill("correct horse battery")
        visit.page.keyboard.press("Enter")
        visit.page.locator("#open-alerts").wait_for()


def test_signing_out(visit: Visit) -> None:
    visit.go("/")
    visit.is_live()
    visit.page.get_by_role("button", name="Sign out").click()
    visit.wait_for("You are signed out.")
    visit.go("/machines")
    assert visit.path.startswith("/login")


def test_a_one_time_password_is_changed_first(stranger: Visit) -> None:
    wanted = UserCreate(login="newcomer", name="New Comer", role=Role.INVESTOR)
    _user, password = passwords.make_user(stranger.office.context, wanted)
    with stranger as visit:
        visit.log_in("newcomer", password)
        visit.wait_for("Choose a password of your own.")
        visit.go("/machines")
        assert visit.path == "/password"
        fields = visit.page.locator("input[type=password]")
        for given, words in (
            ((password, "a long enough one", "another long one"), "The two new passwords differ."),
            (("wrong", "a long enough one", "a long enough one"), "The current password is wrong."),
        ):
            for place, text in enumerate(given):
                fields.nth(place).fill(text)
            visit.page.get_by_role("button", name="Change the password").click()
            expect(visit.page.get_by_role("alert")).to_contain_text(words)
            visit.forgive("422")
        for place, text in enumerate((password, "a long enough one", "a long enough one")):
            fields.nth(place).fill(text)
        visit.page.get_by_role("button", name="Change the password").click()
        visit.wait_for("Use by day")


def test_the_first_administrator(browser: Browser, new_office: Office) -> None:
    token = new_office.context.setup_token.issue()
    with Visit(browser, new_office) as visit:
        visit.go("/setup#not-the-token")
        _found(visit)
        expect(visit.page.get_by_role("alert")).to_contain_text("The link is wrong or was used already.")
        visit.forgive("401")
        new_office.door.refuse("/api/v1/setup", 503)
        visit.page.get_by_role("button", name="Begin").click()
        expect(visit.page.get_by_role("alert")).to_contain_text("The server cannot be reached, or is busy.")
        visit.forgive("503")
        new_office.door.admit("/api/v1/setup")
        visit.go("/")
        visit.go(f"/setup#{token}")
        _found(visit)
        visit.is_live()
        visit.page.get_by_role("button", name="Sign out").click()
        visit.wait_for("You are signed out.")
        visit.go("/setup")
        assert visit.path == "/login"


def _found(visit: Visit) -> None:
    visit.page.get_by_label("Your name").fill("Ada Root")
    visit.page.get_by_label("Login name").fill("ada")
    visit.page.get_by_label("Password").fill("a long enough one")
    visit.page.get_by_role("button", name="Begin").click()


def test_an_institution_sees_itself_alone(browser: Browser, office: Office) -> None:
    with Visit(browser, office) as visit:
        visit.enter("clinic")
        for path in ("/", "/institutions", "/machines", "/usage", "/cards", "/alerts"):
            assert visit.go(path).status == 200
            shown = visit.page.locator("body").inner_text()
            assert "Riverside" not in shown, path
            assert "Lakeview" not in shown, path
        assert visit.page.get_by_role("link", name="Issuing").count() == 0
        assert visit.page.get_by_role("button", name="Acknowledge").count() == 0
        for path, status in (("/institutions/2", 404), ("/machines/2001", 404), ("/issuing", 403), ("/issuing/1", 403)):
            assert visit.go(path).status == status, path
            visit.forgive("Failed to load resource")


def test_an_alert_is_acknowledged_by_keyboard(visit: Visit) -> None:
    visit.go("/alerts")
    page = visit.page
    titles = page.locator("#alerts .title")
    expect(titles.first).to_contain_text("A card reader does not answer")
    page.get_by_role("button", name="Acknowledge: A card reader does not answer").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#alerts")).not_to_contain_text("A card reader does not answer")
    expect(page.locator("#open-alerts")).to_contain_text("4")
    page.get_by_role("link", name="Acknowledged").click()
    visit.wait_for("acknowledged by Admin")
    page.get_by_role("button", name="Clear: A card reader does not answer").click()
    visit.wait_for("No alert here")
    page.get_by_role("link", name="Cleared").click()
    visit.wait_for("A card reader does not answer")


def test_the_language_is_chosen_and_kept(visit: Visit) -> None:
    visit.go("/usage?institution=1")
    visit.page.get_by_role("button", name="简体中文").click()
    assert visit.path == "/usage?institution=1"
    assert visit.page.locator("html").get_attribute("lang") == "zh-Hans"
    visit.go("/machines")
    assert visit.page.locator("html").get_attribute("lang") == "zh-Hans"
    visit.page.get_by_role("button", name="English").click()
    assert visit.page.locator("html").get_attribute("lang") == "en"


def test_the_browser_chooses_the_language(browser: Browser, office: Office) -> None:
    with Visit(browser, office, locale="zh-CN") as visit:
        visit.go("/login")
        assert visit.page.locator("html").get_attribute("lang") == "zh-Hans"
