"""Orders, links and settings in sentences that a person understands. The codes are stable, the sentences are not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from protocol import links

from backoffice.authority.orders import TEXT
from backoffice.commands.results import Result
from backoffice.web.i18n import Translator, mark

RESULTS: Mapping[str, str] = {
    Result.DONE: mark("The machine has done it."),
    Result.BAD_ARGUMENTS: mark("The machine cannot do this: the order makes no sense to it."),
    Result.TOO_LATE: mark("Too late: the card had been debited before, so the exam took place."),
    Result.FULL: mark("The machine has no room left to remember it. Refuse the whole batch instead."),
    Result.FAILED: mark("The machine could not write its memory."),
    Result.RETURNED: mark("The new connection did not work. The machine has returned to the old one by itself."),
    Result.BAD_SIGNATURE: mark("The machine refused: it does not find the signature of its authority."),
    Result.STALE: mark("The machine refused: it has obeyed a later order already."),
    Result.UNREADABLE: mark(
        "This server can no longer open the secrets in this order: its keyring was replaced. Order again."
    ),
    Result.UNKNOWN: mark("The machine gave an answer that this server does not know."),
}
KEPT = mark("The new connection works: the machine keeps it.")

LINKS: Mapping[str, str] = {
    links.WIFI: mark("Wi-Fi"),
    links.GPRS: mark("Mobile data (GPRS)"),
    links.SMS: mark("SMS"),
    links.CARD: mark("Service card"),
}

SWITCH_REASONS: Mapping[str, str] = {
    links.FIRST_CHOICE: mark("It is the first choice."),
    links.NO_WIFI: mark("The Wi-Fi network did not take the machine."),
    links.NO_SERVER: mark("The server could not be reached over the link before."),
    links.NO_ANSWER: mark("Over the link before, no answer came back in time."),
    links.BAD_CERTIFICATE: mark("Whoever answered over the link before could not prove to be this server."),
    links.NO_SIM: mark("The modem finds no SIM card."),
    links.PIN_WRONG: mark("The SIM card wants another PIN than the machine has."),
    links.NOT_REGISTERED: mark("No mobile network takes the modem."),
    links.GPRS_REFUSED: mark("The mobile network gives no data connection."),
    links.LINK_LOST: mark("The connection before was cut."),
    links.MODEM_SILENT: mark("The modem does not answer."),
    links.POWER_FAULT: mark("The modem's power supply broke down."),
    links.SMS_REFUSED: mark("The mobile network did not take the SMS."),
    links.SMS_CAP_REACHED: mark("All short messages of the day are used up."),
    links.NOT_CONFIGURED: mark("A setting that the link before needs is empty."),
    links.BETTER_LINK_BACK: mark("It works again, and it is the better link."),
    links.URGENT_EVENT: mark("Something urgent had to be told at once."),
    links.TRIAL: mark("New settings are being tried."),
    links.RETURNED_FROM_TRIAL: mark("New settings did not work, so the old ones are in use again."),
    links.OUT_OF_MEMORY: mark("The machine had no memory left for the link before."),
}

SETTINGS: dict[str, str] = {
    "language": mark("Language of the screen"),
    "require_client": mark("Only together with the PC of the device"),
    "exam_s": mark("Longest exam (seconds)"),
    "report_s": mark("Report at least every (seconds)"),
    "transport": mark("Links, the best first"),
    "wifi_ssid": mark("Wi-Fi network"),
    "wifi_password": mark("Wi-Fi password"),
    "server_host": mark("Server address"),
    "server_port": mark("Server port"),
    "server_path": mark("Server path"),
    "server_tls": mark("TLS"),
    "server_name": mark("Name in the server's certificate"),
    "server_ca": mark("Trusted authority"),
    "apn": mark("APN"),
    "apn_user": mark("APN user"),
    "apn_password": mark("APN password"),
    "sim_pin": mark("PIN of the SIM card"),
    "sms_number": mark("SMS number of this server"),
    "sms_per_day": mark("Short messages a day, at most"),
    "sms_gather_s": mark("Gather entries for an SMS for (seconds)"),
    "sms_min_entries": mark("Send an SMS from so many entries on"),
}

FIELDS: dict[str, str] = {TEXT: mark("Text for its screen")}

PROBLEMS: Mapping[str, str] = {
    "confirm": mark("The number that you typed is not this machine's number. Nothing was ordered."),
    "already_exists": mark("The same order waits for this machine already."),
    "authority_closed": mark("Nobody has opened the authority's session, or somebody else has. Open it first."),
    "wrong_state": mark("The machine or the order has changed meanwhile. Look again, then decide anew."),
    "not_of_this_machine": mark("No such card was issued for this machine. Nothing was ordered: compare the numbers."),
    "not_found": mark("It does not exist any more."),
    "invalid_input": mark("The machine would not take this. Correct it and order again."),
    "wrong_pin": mark("The PIN is wrong."),
    "pin_locked": mark("The PIN was wrong too often: wait before the next attempt."),
    "wrong_card": mark("This is not the master card in use."),
    "card_not_genuine": mark("This is not the master card in use."),
    "device_busy": mark("Somebody else is working with this device."),
    "device_unreachable": mark("The device's port cannot be opened: is it plugged in?"),
    "device_silent": mark("The device did not answer in time."),
    "device_refused": mark("No card was shown in time, or the device refused it."),
    "wrong_device": mark("Another board than the expected one answers at this port."),
    "unavailable": mark("The server is busy: try again."),
}


@dataclass(frozen=True)
class OrderWords:
    """All of it in the reader's language."""

    results: Mapping[str, str]
    links: Mapping[str, str]
    switch_reasons: Mapping[str, str]
    settings: Mapping[str, str]
    fields: Mapping[str, str]
    """What a form asks for: settings, and what else an order may say."""
    problems: Mapping[str, str]
    kept: str

    @classmethod
    def of(cls, words: Translator) -> Self:
        def spoken(sentences: Mapping[str, str]) -> dict[str, str]:
            return {code: words.gettext(sentence) for code, sentence in sentences.items()}

        return cls(
            results=spoken(RESULTS),
            links=spoken(LINKS),
            switch_reasons=spoken(SWITCH_REASONS),
            settings=spoken(SETTINGS),
            fields=spoken(SETTINGS | FIELDS),
            problems=spoken(PROBLEMS),
            kept=words.gettext(KEPT),
        )
