"""Puts the pages on the application."""

from fastapi import FastAPI

from backoffice.settings import Settings
from backoffice.web import assets
from backoffice.web.pages import (
    account,
    alerts,
    api,
    cards,
    institutions,
    issuing,
    issuing_orders,
    machine_orders,
    machines,
    overview,
    service_card,
    sms,
    usage,
)
from backoffice.web.pages import assets as asset_pages
from backoffice.web.problems import error_page
from backoffice.web.security import SecurityHeaders

PAGES = (
    account,
    overview,
    institutions,
    machines,
    machine_orders,
    usage,
    sms,
    service_card,
    issuing_orders,
    issuing,
    cards,
    alerts,
    api,
    asset_pages,
)


def install(app: FastAPI) -> None:
    """Pages, static files, pages for errors, and the headers that guard them all."""
    app.state.error_page = error_page
    settings: Settings = app.state.context.settings
    app.add_middleware(SecurityHeaders, speaks_https=settings.speaks_https)
    app.mount(assets.static_path(), assets.KeptForEver(directory=assets.STATIC_FOLDER), name="static")
    for page in PAGES:
        app.include_router(page.router)
