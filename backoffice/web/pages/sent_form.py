"""A form that somebody sent: done, it leads to what came of it; refused, it is shown again as it was typed.

Who sent it holds no request transaction: what a form asks for may wait for a card, and the page that shows it again is
not made while others wait for their turn to write.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice.accounts.roles import Viewer
from backoffice.db import READ
from backoffice.deps import dated
from backoffice.errors import BackOfficeError
from backoffice.web.page import Desk
from backoffice.web.views import Refusal
from backoffice.workshop import Workshop


@dataclass(frozen=True)
class SentForm:
    """One form, and who sent it."""

    request: Request
    viewer: Viewer
    workshop: Workshop

    def answer(
        self,
        work: Callable[[], str],
        show_again: Callable[[Desk, Refusal], HTMLResponse],
        at: str,
        form: str = "",
        **typed: object,
    ) -> Response:
        """Do what it asks for: ``work`` gives the address of what came of it. ``show_again`` makes the page that stands
        ``at`` another address, with what was ``typed`` in this ``form`` of it: no password and no PIN.
        """
        try:
            return RedirectResponse(work(), 303)
        except BackOfficeError as error:
            shown = {name: str(value) for name, value in typed.items() if value not in ("", False)}
            page = self._page(at, show_again, Refusal(form, error.code, error.detail, shown))
            page.status_code = error.status
            page.headers.update(error.headers())
            return page

    def _page(self, at: str, show_again: Callable[[Desk, Refusal], HTMLResponse], refusal: Refusal) -> HTMLResponse:
        context = self.workshop.context
        with dated(context, READ) as session:
            desk = Desk(self.request, session, self.viewer, context.clock(), context.settings.timezone, at)
            return show_again(desk, refusal)
