"""Every pin and bus of the board, and nothing else. The wiring's picture is in docs/hardware.md."""

from micropython import const

# MFRC522 card reader
READER_SPI = const(2)
READER_SCK = const(18)
READER_MOSI = const(23)
READER_MISO = const(19)
READER_CS = const(5)
READER_RESET = const(27)
READER_IRQ = const(4)  # wired, not used: the driver sleeps through what it knows will take time and polls the rest
READER_BAUD = const(8_000_000)  # the chip takes 10 MHz

# SSD1306 screen
SCREEN_I2C = const(0)
SCREEN_SCL = const(22)
SCREEN_SDA = const(21)
SCREEN_BAUD = const(400_000)
SCREEN_ADDRESS = const(0x3C)

RELAY = const(25)  # high = the medical device may run
BUZZER = const(26)
BUTTON_1 = const(32)  # active low
BUTTON_2 = const(33)

# Host link to the PC
HOST_UART = const(0)
HOST_BAUD = const(115_200)

# GSM modem
MODEM_UART = const(1)
MODEM_BAUD = const(115_200)
MODEM_TX = const(17)
MODEM_RX = const(16)
MODEM_POWER_KEY = const(14)  # high = a transistor pulls the modem's PWRKEY low
MODEM_POWER = const(13)  # high = the modem has its supply
MODEM_STATUS = const(34)  # input only: high while the modem lives
