"""What tests of pages hold in their hands: the running office, and a visit to it."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response
from sqlmodel import select

from backoffice.accounts import service as accounts
from backoffice.accounts.access import COOKIE
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import User
from tests.host.backoffice.support import PASSWORD, HandClock
from tests.host.backoffice.web.door import Door

DESKTOP = {"width": 1360, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 15_000
PATIENCE_S = 60  # of a program that asks a server on a busy computer
LOGIN_LIFETIME_S = 3600

# A page that the Content-Security-Policy had to hold back says so in an event, whatever the console shows.
_WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI));
"""


@dataclass(frozen=True)
class Office:
    """A running server."""

    app: FastAPI
    context: Context
    clock: HandClock
    url: str
    door: Door
    """What stands between it and its browsers."""


class Visit:
    """One browser profile on one page. At its end nothing may stand in the console, unless it was expected.

    ``script`` runs before each page's own: what this browser lacks.
    """

    def __init__(self, browser: Browser, office: Office, script: str = "", **profile: Any) -> None:
        settings: dict[str, Any] = {"viewport": DESKTOP, "color_scheme": "light", "locale": "en-GB", **profile}
        self.office = office
        self._profile = browser.new_context(**settings)
        self._profile.set_default_timeout(PATIENCE_MS)
        self._profile.add_init_script(_WATCH)
        if script:
            self._profile.add_init_script(script)
        self.complaints: list[str] = []
        self.page: Page = self.tab()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._profile.close()
        if kind is None:
            assert not self.complaints, self.complaints

    def tab(self) -> Page:
        """One more tab of the same browser."""
        page = self._profile.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.page.url if message.page else ''})")

    def forgive(self, words: str) -> None:
        """What this test provokes on purpose is no complaint. Waits until it has come."""
        if not self._complained(words):
            self.page.wait_for_event("console", lambda _message: self._complained(words))
        self.complaints = [complaint for complaint in self.complaints if words not in complaint]

    def _complained(self, words: str) -> bool:
        return any(words in complaint for complaint in self.complaints)

    def go(self, path: str) -> Response:
        answer = self.page.goto(self.office.url + path)
        assert answer is not None
        return answer

    def log_in(self, login: str, password: str = PASSWORD) -> None:
        self.go("/login")
        self.page.get_by_label("Login name").fill(login)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def enter(self, login: str) -> None:
        """Be logged in without the form: its memory-hard password check is tested once, not in every test."""
        with transaction(self.office.context.engine) as session:
            user = session.exec(select(User).where(User.login == login)).one()
            token = accounts.open_login_session(session, user, LOGIN_LIFETIME_S, self.office.clock.now)
        self._profile.add_cookies([{"name": COOKIE, "value": token, "url": self.office.url}])

    def wait_for(self, words: str) -> Locator:
        found = self.page.get_by_text(words).first
        found.wait_for()
        return found

    def charts_drawn(self) -> None:
        """Wait until every chart of the page is there."""
        for figure in self.page.locator("[data-chart]").all():
            figure.locator(".chart-view svg").wait_for()

    def is_live(self) -> None:
        """Wait until the page listens to the server."""
        self.shows("live")

    def shows(self, state: str) -> Locator:
        """The page's mark, once it says this."""
        mark = self.page.locator(f"#live-state[data-state={state}]")
        mark.wait_for()
        return mark

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.office.url)
