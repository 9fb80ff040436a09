"""What every page is made with: who looks, in which language, at what moment."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse

from backoffice.accounts.access import ViewerDep
from backoffice.accounts.roles import STAFF, Role, Viewer
from backoffice.clock import zone
from backoffice.deps import MOMENT_KEY, SAFE_METHODS, ContextDep, SessionDep
from backoffice.events.login_key import login_key
from backoffice.web.formats import Formats
from backoffice.web.i18n import LANGUAGE_COOKIE, Translator, choose_language, mark, translator
from backoffice.web.reads import alarms
from backoffice.web.templating import environment
from backoffice.web.views import address

PLACES = ("older_than", "newer_than", "better_than", "worse_than", "after", "before")
"""What says in an address from where on a list is shown."""
_ISSUERS = (Role.ADMINISTRATOR, Role.ISSUER)
_ROLE_NAMES = {
    Role.ADMINISTRATOR: mark("Administrator"),
    Role.ISSUER: mark("Card issuer"),
    Role.AGENT: mark("Agent"),
    Role.INSTITUTION: mark("Institution"),
    Role.INVESTOR: mark("Investor"),
}


@dataclass(frozen=True)
class MenuLink:
    name: str
    words: str
    href: str
    icon: str
    only_for: tuple[Role, ...] = ()


MENU = (
    MenuLink("overview", mark("Overview"), "/", "overview"),
    MenuLink("institutions", mark("Institutions"), "/institutions", "institution"),
    MenuLink("machines", mark("Machines"), "/machines", "machine"),
    MenuLink("usage", mark("Exams"), "/usage", "use"),
    MenuLink("issuing", mark("Issuing"), "/issuing", "issuing", _ISSUERS),
    MenuLink("sms", mark("Short messages"), "/sms", "sms", STAFF),
    MenuLink("service_card", mark("Service card"), "/service-card", "carried", _ISSUERS),
    MenuLink("cards", mark("Cards"), "/cards", "cards"),
    MenuLink("alerts", mark("Alerts"), "/alerts", "alert"),
)


def request_language(request: Request) -> str:
    return choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


def here(request: Request) -> str:
    """The address of the page, with its filters. What a form was sent to is no page."""
    if request.method not in SAFE_METHODS:
        return "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def beginning(request: Request) -> str:
    """The address of the list's beginning, if the page is of a place further on in it; else nothing."""
    chosen = request.query_params
    if not any(name in chosen for name in PLACES):
        return ""
    return address(request.url.path, **{name: value for name, value in chosen.items() if name not in PLACES})


def safe_next(address: str) -> str:
    """Where to go after a form: a page of this server, never another site's (no scheme, no `//host`, no `/\\host`)."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else "/"


def render(
    request: Request, template: str, formats: Formats, status: int = 200, *, at: str = "", **values: Any
) -> HTMLResponse:
    """A template as an answer that is never kept by a cache: it is one person's view of this moment.

    ``at`` = where a page that answers a form can be looked at again: the form's own address takes no GET.
    """
    made = environment(formats.translator.language).get_template(template)
    body = made.render(formats=formats, here=at or here(request), answers_form=bool(at), **values)
    return HTMLResponse(body, status, headers={"cache-control": "no-store"})


def formats_of(request: Request, now: int, zone_name: str) -> Formats:
    return Formats(translator(request_language(request)), zone(zone_name), now)


@dataclass(frozen=True)
class Desk:
    """One request of somebody who is logged in."""

    request: Request
    session: Session
    viewer: Viewer
    now: int
    zone_name: str
    at: str = ""
    """Where a page that answers a form can be looked at again."""

    @cached_property
    def formats(self) -> Formats:
        return formats_of(self.request, self.now, self.zone_name)

    @property
    def words(self) -> Translator:
        return self.formats.translator

    @property
    def may_issue(self) -> bool:
        return self.viewer.role in _ISSUERS

    @property
    def may_order(self) -> bool:
        return self.viewer.role is Role.ADMINISTRATOR

    @property
    def may_acknowledge(self) -> bool:
        return self.viewer.role in (Role.ADMINISTRATOR, Role.ISSUER)

    def page(self, template: str, section: str, status: int = 200, *, live: bool = True, **values: Any) -> HTMLResponse:
        """A page with the menu around it. One that is not ``live`` never asks for itself again."""
        say = self.words.gettext
        menu = [
            {"name": link.name, "words": say(link.words), "href": link.href, "icon": link.icon}
            for link in MENU
            if not link.only_for or self.viewer.role in link.only_for
        ]
        user = {"name": self.viewer.name, "role": say(_ROLE_NAMES[self.viewer.role])}
        return render(
            self.request,
            template,
            self.formats,
            status,
            at=self.at,
            menu=menu,
            section=section,
            user=user,
            open_alerts=alarms.open_count(self.session, self.viewer.institution_ids),
            may_acknowledge=self.may_acknowledge,
            begin=beginning(self.request),
            **self._moment() if live else {},
            **values,
        )

    def _moment(self) -> dict[str, object]:
        return {"moment": self.session.info[MOMENT_KEY].seen_by(self.viewer), "login": login_key(self.request)}


def get_desk(request: Request, context: ContextDep, session: SessionDep, viewer: ViewerDep) -> Desk:
    return Desk(request, session, viewer, context.clock(), context.settings.timezone)


DeskDep = Annotated[Desk, Depends(get_desk)]
