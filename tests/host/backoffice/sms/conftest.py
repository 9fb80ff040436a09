"""A back office with an SMS platform, and a machine that reports by SMS."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.app import create_app
from backoffice.context import Context
from backoffice.settings import Settings
from backoffice.sms.secret import SmsSecrets
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.sms.support import Counter, Forwarder
from tests.host.backoffice.support import HandClock


@pytest.fixture
def platform() -> str:
    """Overridden by tests of another one."""
    return "webhook"


@pytest.fixture
def sms_settings(settings: Settings, platform: str) -> Settings:
    secret_path = settings.keyring_path.with_name("sms.json")
    chosen = {"sms_platform": platform, "sms_secret_path": secret_path, "sms_modem_port": "/dev/null"}
    return settings.model_copy(update=chosen)


@pytest.fixture
def secrets(sms_settings: Settings) -> SmsSecrets:
    SmsSecrets.fresh().write(sms_settings.sms_secret_path)
    return SmsSecrets.load(sms_settings.sms_secret_path)


@pytest.fixture
def app(sms_settings: Settings, secrets: SmsSecrets, clock: HandClock) -> Iterator[FastAPI]:
    made = create_app(sms_settings, clock)
    yield made
    made.state.context.close()


@pytest.fixture
def counter(context: Context) -> Counter:
    """Where the worker hands over; tests call ``work`` for a round of it."""
    made: Counter = type("Counter", (Counter,), {"name": context.sms.platform_name})()
    context.sms.platform = made
    return made


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A program; no lifespan, so the worker runs when a test says so."""
    return TestClient(app)


@pytest.fixture
def forwarder(client: TestClient, context: Context, secrets: SmsSecrets) -> Forwarder:
    return Forwarder(client, context, secrets)
