"""Which platform it is: the setting ``sms_platform``."""

from backoffice.clock import Clock
from backoffice.errors import SettingsError
from backoffice.settings import Settings
from backoffice.sms.kannel import KannelPlatform
from backoffice.sms.modem import SILENT_MAX_S, ModemPlatform
from backoffice.sms.platform import Platform
from backoffice.sms.secret import SmsSecrets
from backoffice.sms.sim_pin import REFUSED_PIN_FILE, SimPin
from backoffice.sms.webhook import WebhookPlatform
from backoffice.supervision import Workers


def make_platform(settings: Settings, secrets: SmsSecrets, clock: Clock, workers: Workers) -> Platform:
    """The configured platform."""
    if settings.sms_platform == "webhook":
        return WebhookPlatform(settings.sms_webhook_url, secrets.webhook, clock)
    if settings.sms_platform == "kannel":
        return KannelPlatform(settings.sms_kannel_url, settings.sms_number, settings.sms_callback_url, secrets)
    if not settings.sms_modem_port:
        raise SettingsError("PERSCAN_SMS_MODEM_PORT: which serial port is the modem at?")
    pin = SimPin(secrets.sim_pin, settings.sms_secret_path.with_name(REFUSED_PIN_FILE))
    return ModemPlatform(settings.sms_modem_port, settings.sms_modem_baud, pin, workers.add("sms-modem", SILENT_MAX_S))
