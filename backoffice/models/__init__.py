"""The tables, one file each. Importing this package registers them all in ``SQLModel.metadata``.

Numbers that machines and cards carry (u32) are BigInteger; moments are unix seconds in UTC; codes are short strings.
"""

from backoffice.models import naming as naming  # before any table
from backoffice.models.agent import Agent
from backoffice.models.alert import Alert
from backoffice.models.api_token import ApiToken
from backoffice.models.batch import Batch
from backoffice.models.believed_time import BelievedTime
from backoffice.models.card import Card
from backoffice.models.card_event import CardEvent
from backoffice.models.card_tally import CardTally
from backoffice.models.command import MachineCommand
from backoffice.models.deferred import Deferred
from backoffice.models.device import Device
from backoffice.models.in_doubt import InDoubt
from backoffice.models.institution import Institution
from backoffice.models.institution_key import InstitutionKey
from backoffice.models.issuing_job import IssuingJob
from backoffice.models.journal_chain import JournalChain
from backoffice.models.journal_entry import JournalEntry
from backoffice.models.journal_fork import JournalFork
from backoffice.models.journal_gap import JournalGap
from backoffice.models.login_session import LoginSession
from backoffice.models.machine import Machine
from backoffice.models.machine_key import MachineKey
from backoffice.models.master import Master
from backoffice.models.pin_guard import PinGuard
from backoffice.models.sms_in import SmsIn
from backoffice.models.sms_out import SmsOut
from backoffice.models.sms_set_aside import SmsSetAside
from backoffice.models.usage import Usage
from backoffice.models.usage_day import UsageDay
from backoffice.models.usage_total import UsageTotal
from backoffice.models.user import User
from backoffice.models.white import White

__all__ = [
    "Agent",
    "Alert",
    "ApiToken",
    "Batch",
    "BelievedTime",
    "Card",
    "CardEvent",
    "CardTally",
    "Deferred",
    "Device",
    "InDoubt",
    "Institution",
    "InstitutionKey",
    "IssuingJob",
    "JournalChain",
    "JournalEntry",
    "JournalFork",
    "JournalGap",
    "LoginSession",
    "Machine",
    "MachineCommand",
    "MachineKey",
    "Master",
    "PinGuard",
    "SmsIn",
    "SmsOut",
    "SmsSetAside",
    "Usage",
    "UsageDay",
    "UsageTotal",
    "User",
    "White",
]
