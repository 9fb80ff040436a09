"""Which chip hangs on which pin of the emulated board; a test compares it with the firmware's own list."""

from typing import Final

READER_SPI: Final = 2
READER_SELECT: Final = 5
READER_RESET: Final = 27
READER_IRQ: Final = 4

SCREEN_I2C: Final = 0
SCREEN_ADDRESS: Final = 0x3C

RELAY: Final = 25
BUZZER: Final = 26
BUTTONS: Final = (32, 33)

HOST_UART: Final = 0
MODEM_UART: Final = 1
MODEM_POWER: Final = 13  # high = its supply is switched on
MODEM_POWER_KEY: Final = 14  # high = a transistor pulls PWRKEY low
MODEM_STATUS: Final = 34
