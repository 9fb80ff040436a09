"""Who may come through which door: every route of the application, by the roles that it lets in."""

from backoffice.accounts.roles import STAFF, Role

EVERYBODY = tuple(Role)
ISSUERS = (Role.ADMINISTRATOR, Role.ISSUER)
ADMINISTRATORS = (Role.ADMINISTRATOR,)

STRANGERS_TOO = """
    POST /api/v1/uplink
    POST /api/v1/sms/webhook
    POST /api/v1/sms/webhook/delivery
    POST /api/v1/sms/kannel
    GET /api/v1/sms/kannel/delivery
    POST /api/v1/setup
    POST /api/v1/login
    POST /api/v1/logout
    GET /health
    GET /assets/{name}
    GET /charts/{name}.json
    GET /login
    POST /login
    POST /logout
    GET /setup
    POST /language
"""
"""No login is asked for: machines and platforms prove themselves by what they send, and who comes in has none yet."""

_DOORS = {
    EVERYBODY: """
        GET /events
        GET /api/v1/me
        POST /api/v1/password
        GET /api/v1/tokens
        POST /api/v1/tokens
        DELETE /api/v1/tokens/{token_id}
        GET /api/v1/institutions
        GET /api/v1/institutions/{institution_id}
        GET /api/v1/machines
        GET /api/v1/machines/{machine_id}
        GET /api/v1/machines/{machine_id}/journal
        GET /api/v1/machines/{machine_id}/journal-state
        GET /api/v1/machines/{machine_id}/commands
        GET /api/v1/usage
        GET /api/v1/usage-by/{by}
        GET /api/v1/in-doubt
        GET /api/v1/alerts
        GET /api/v1/issuing/stock
        GET /
        GET /password
        POST /password
        GET /institutions
        GET /institutions/{code}
        GET /machines
        GET /machines/{machine_id}
        GET /usage
        GET /usage.csv
        GET /usage/{usage_id}
        GET /cards
        GET /alerts
    """,
    STAFF: """
        GET /api/v1/sms
        GET /api/v1/sms/set-aside
        GET /api/v1/sms/days
        GET /sms
    """,
    ISSUERS: """
        POST /api/v1/machines
        POST /api/v1/alerts/{alert_id}/acknowledge
        POST /api/v1/alerts/{alert_id}/clear
        GET /api/v1/authority/session
        GET /api/v1/devices
        POST /api/v1/devices/{device_id}/hello
        POST /api/v1/devices/{device_id}/cancel
        POST /api/v1/devices/{device_id}/service-card
        POST /api/v1/devices/{device_id}/service-card/format
        GET /api/v1/cards
        GET /api/v1/cards/{card_id}
        GET /api/v1/cards/credits/{credit}
        GET /api/v1/issuing/white
        POST /api/v1/issuing/batch/preview
        POST /api/v1/issuing/batch
        GET /api/v1/issuing/batch
        POST /api/v1/issuing/one-time
        GET /api/v1/issuing/jobs
        GET /api/v1/issuing/jobs/{job_id}
        POST /api/v1/issuing/jobs/{job_id}/cancel
        POST /api/v1/issuing/jobs/{job_id}/resume
        POST /api/v1/issuing/jobs/{job_id}/abandon
        POST /api/v1/issuing/cards/{card_id}/give-up
        POST /api/v1/issuing/verify
        GET /service-card
        POST /service-card
        POST /service-card/make
        GET /issuing
        GET /issuing/{job_id}
        POST /issuing/one-time
        POST /issuing/{job_id}/stop
        POST /issuing/{job_id}/resume
        POST /issuing/{job_id}/abandon
        POST /alerts/{alert_id}/acknowledge
        POST /alerts/{alert_id}/clear
    """,
    ADMINISTRATORS: """
        GET /api/v1/users
        POST /api/v1/users
        GET /api/v1/users/{user_id}
        PATCH /api/v1/users/{user_id}
        POST /api/v1/users/{user_id}/password-reset
        GET /api/v1/agents
        POST /api/v1/agents
        PATCH /api/v1/agents/{agent_id}
        POST /api/v1/institutions
        PATCH /api/v1/institutions/{institution_id}
        PATCH /api/v1/machines/{machine_id}
        POST /api/v1/machines/{machine_id}/accepted-gaps
        POST /api/v1/machines/{machine_id}/lock
        POST /api/v1/machines/{machine_id}/unlock
        POST /api/v1/machines/{machine_id}/revoked-batches
        POST /api/v1/machines/{machine_id}/revoked-credits
        POST /api/v1/machines/{machine_id}/refunded-credits
        POST /api/v1/machines/{machine_id}/settings
        POST /api/v1/machines/{machine_id}/report-interval
        POST /api/v1/machines/{machine_id}/set-time
        POST /api/v1/machines/{machine_id}/sms-push
        DELETE /api/v1/machines/{machine_id}/commands/{command_id}
        POST /api/v1/authority/master
        GET /api/v1/authority/master
        POST /api/v1/authority/master/{master_id}/retire
        POST /api/v1/authority/session
        DELETE /api/v1/authority/session
        POST /api/v1/authority/provision
        POST /api/v1/devices
        PATCH /api/v1/devices/{device_id}
        POST /api/v1/issuing/white
        POST /api/v1/issuing/recover
        GET /api/v1/workers
        POST /machines/{machine_id}/orders/lock
        POST /machines/{machine_id}/orders/unlock
        POST /machines/{machine_id}/orders/revoke-batch
        POST /machines/{machine_id}/orders/revoke-card
        POST /machines/{machine_id}/orders/refund
        POST /machines/{machine_id}/orders/set-time
        POST /machines/{machine_id}/orders/report-interval
        POST /machines/{machine_id}/orders/connection
        POST /machines/{machine_id}/orders/{command_id}/cancel
        POST /authority/open
        POST /authority/close
    """,
}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


OPEN = frozenset(_lines(STRANGERS_TOO))
"""Routes at which nobody is asked who they are."""
DOORS = {route: frozenset(roles) for roles, text in _DOORS.items() for route in _lines(text)}
"""All others, and the roles that they let in."""
