"""Numbers of the values that a report tells of its machine's health (law: uplink.py)."""

MAX_HEALTH_ITEMS = 32

HEALTH_UPTIME_S = 1  # seconds since power came up
HEALTH_FIRMWARE = 2  # firmware version, text
HEALTH_HEAP_FREE_BYTES = 3  # least free heap since power came up
HEALTH_FLASH_FREE_BYTES = 4  # free bytes of the file system
HEALTH_READER_REINITS = 5  # how often the card reader was restarted since power came up
HEALTH_READER_VERSION = 6  # the reader chip's version register
HEALTH_TRANSPORT = 7  # which way this report took, text
HEALTH_EPOCH = 8  # provisioning epoch
HEALTH_PENDING = 9  # entries not acknowledged yet, those of this report included
HEALTH_CLOCK = 10  # the machine's unix time when it made the report, 0 = its clock is not set
HEALTH_SWITCH_REASON = 11  # why the machine last took another link, text
HEALTH_SIGNAL_DBM = 12  # strength of the phone network, a negative number; 0 = none
HEALTH_MODEM_RESTARTS = 13  # how often the modem was restarted since power came up
HEALTH_SMS_SENT = 14  # short messages sent since power came up
HEALTH_LINK_ERRORS = 15  # attempts to report that failed since power came up
HEALTH_NETWORK_TIME = 16  # unix time that the phone network claims, a hint only; 0 = none
