"""What an API token may change. A token acts for its user when nobody is there: it lies in scripts, and it leaks.

A token may read what its user sees. Of what changes something it may do what stands here; everything else takes a
person who has logged in, and so does whatever is added later until somebody puts it here:

| takes a person | because |
|---|---|
| passwords, users, agents, API tokens | a token that leaked would make itself a way in that outlives its revocation |
| the authority's session, master card, initialisation, cards, devices | somebody has to be there, with a card |
| lock, unlock | signed in the open session of the person, whom the token merely resembles |
| refusing batches and cards, settings, taking orders back | stops a clinic, or takes a machine away |
| refunds, accepted gaps, cleared alerts | says that something missing is well: a person answers for that |
| changes to institutions and machines that exist | who sees what, and what is retired |
"""

from fastapi import Request

from backoffice.deps import SAFE_METHODS
from backoffice.errors import PersonRequired

TOKENS_MAY = frozenset(
    {
        "POST /api/v1/institutions",
        "POST /api/v1/machines",
        "POST /api/v1/alerts/{alert_id}/acknowledge",
        "POST /api/v1/machines/{machine_id}/report-interval",
        "POST /api/v1/machines/{machine_id}/set-time",
        "POST /api/v1/machines/{machine_id}/sms-push",
        "POST /api/v1/issuing/batch/preview",
    }
)
"""Requests that change something, as their routes spell them. The last one only looks like it."""


def token_may(method: str, route: str) -> bool:
    """Whether a token is enough for what a route, as it is spelled, does."""
    return method in SAFE_METHODS or f"{method} {route}" in TOKENS_MAY


def refuse_to_tokens(request: Request) -> None:
    """Raise PersonRequired unless a token may do what is asked."""
    route = getattr(request.scope.get("route"), "path", "")
    if not token_may(request.method, route):
        raise PersonRequired()
