"""`perscan sms ...`: the secrets shared with the SMS platform."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from backoffice.errors import SettingsError
from backoffice.settings import Settings
from backoffice.sms import kannel_config
from backoffice.sms.secret import SmsSecrets
from backoffice.sms.sim_pin import forget_refusals
from backoffice.terminal import errors_for_people

KANNEL_SENDSMS_PORT = 13013
KANNEL_BEARERBOX_PORT = 13001

app = typer.Typer(help="Short messages: the platform's secrets and configuration.", no_args_is_help=True)


@app.command()
def secret(
    show: Annotated[bool, typer.Option(help="Print the webhook's secret, to be told to the platform.")] = False,
    sim_pin: Annotated[bool, typer.Option(help="Ask for the PIN of the modem's SIM; it may be tried again.")] = False,
    renew: Annotated[bool, typer.Option(help="Replace secrets that became known.")] = False,
) -> None:
    """Make the file with the secrets shared with the SMS platform, if there is none."""
    with errors_for_people():
        path = Settings.from_environment().sms_secret_path
        pin = typer.prompt("PIN of the SIM", hide_input=True) if sim_pin else ""
        made = SmsSecrets.fresh(pin).write(path) if not renew else False
        secrets = SmsSecrets.load(path)
        if renew:
            secrets = SmsSecrets.fresh(secrets.sim_pin)
        if sim_pin:
            secrets = replace(secrets, sim_pin=pin)
            forget_refusals(path)
        if renew or sim_pin:
            secrets.replace(path)
    typer.echo(f"{path}: {_done(made=made or renew, pin=sim_pin)}")
    if show:
        typer.echo(f"webhook secret: {secrets.webhook}")


def _done(*, made: bool, pin: bool) -> str:
    if made:
        return "made"
    return "is there already, " + ("with another PIN now" if pin else "unchanged")


@app.command("kannel-config")
def write_kannel_config(
    path: Path,
    sendsms_port: Annotated[int, typer.Option(min=1, max=65535)] = KANNEL_SENDSMS_PORT,
    bearerbox_port: Annotated[int, typer.Option(min=1, max=65535)] = KANNEL_BEARERBOX_PORT,
) -> None:
    """Write our part of kannel.conf, passwords included, into a new file of mode 0600."""
    with errors_for_people():
        settings = Settings.from_environment()
        if not settings.sms_callback_url:
            raise SettingsError("PERSCAN_SMS_CALLBACK_URL: at which address does Kannel reach us?")
        secrets = SmsSecrets.load(settings.sms_secret_path)
        content = kannel_config.text(secrets, settings.sms_callback_url, sendsms_port, bearerbox_port)
        kannel_config.write(path, content)
    typer.echo(f"{path}: include it from kannel.conf")
