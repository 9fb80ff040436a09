"""Which platform it is: the setting ``sms_platform``."""

from backoffice.clock import Clock
from backoffice.errors import SettingsError
from backoffice.settings import Settings
from backoffice.sms.kannel import KannelPlatform
from backoffice.sms.modem import ModemPlatform
from backoffice.sms.platform import Platform
from backoffice.sms.secret import SmsSecrets
from backoffice.sms.webhook import WebhookPlatform


def make_platform(settings: Settings, secrets: SmsSecrets, clock: Clock) -> Platform:
    """The configured platform."""
    if settings.sms_platform == "webhook":
        return WebhookPlatform(settings.sms_webhook_url, secrets.webhook, clock)
    if settings.sms_platform == "kannel":
        return KannelPlatform(settings.sms_kannel_url, settings.sms_number, settings.sms_callback_url, secrets)
    if not settings.sms_modem_port:
        raise SettingsError("PERSCAN_SMS_MODEM_PORT: which serial port is the modem at?")
    return ModemPlatform(settings.sms_modem_port, settings.sms_modem_baud, secrets.sim_pin)
