"""The MFRC522's registers as its data sheet lists them (NXP MFRC522 data sheet 9.3), and what their bits mean.

Only what the driver uses. Addresses are register numbers; the bus shifts them into an SPI address byte (8.1.2.3).
"""

from micropython import const

# Page 0: command and status
COMMAND = const(0x01)  # 9.3.1.2  starts and stops a command; bit 4 = power-down, also set while the crystal starts
COM_IRQ = const(0x04)  # 9.3.1.5  interrupt requests; written with bit 7 = 0 it clears the bits that are 1
ERROR = const(0x06)  # 9.3.1.7  what went wrong in the last command
STATUS_2 = const(0x08)  # 9.3.1.9  bit 3 = Crypto1 is switched on
FIFO_DATA = const(0x09)  # 9.3.1.10 in and out of the 64-byte FIFO
FIFO_LEVEL = const(0x0A)  # 9.3.1.11 how many bytes are in it; bit 7 written = flush
CONTROL = const(0x0C)  # 9.3.1.13 bits 2..0 = valid bits of the last received byte, 0 = all
BIT_FRAMING = const(0x0D)  # 9.3.1.14 bit 7 = start to send, 6..4 = place of the first received bit, 2..0 = bits to send
COLLISION = const(0x0E)  # 9.3.1.15 bit 7 = keep bits after a collision, 5 = no valid position, 4..0 = position

# Page 1: how frames are sent
MODE = const(0x11)  # 9.3.2.2  wait for the field, polarity, CRC preset
TX_MODE = const(0x12)  # 9.3.2.3  bit 7 = append a CRC
RX_MODE = const(0x13)  # 9.3.2.4  bit 7 = check and remove the CRC: left off, see chip.py
TX_CONTROL = const(0x14)  # 9.3.2.5  bits 1..0 = antenna drivers
TX_ASK = const(0x15)  # 9.3.2.6  bit 6 = 100 % amplitude modulation

# Page 2: configuration
CRC_RESULT_HIGH = const(0x21)  # 9.3.3.2
CRC_RESULT_LOW = const(0x22)  # 9.3.3.2
RF_GAIN = const(0x26)  # 9.3.3.6  bits 6..4 = receiver gain
TIMER_MODE = const(0x2A)  # 9.3.3.10 bit 7 = start by itself at the end of a transmission; 3..0 = prescaler, high bits
TIMER_PRESCALER = const(0x2B)  # 9.3.3.10 prescaler, low bits
TIMER_RELOAD_HIGH = const(0x2C)  # 9.3.3.11
TIMER_RELOAD_LOW = const(0x2D)  # 9.3.3.11

# Page 3: test
VERSION = const(0x37)  # 9.3.4.8  0x90..0x92 NXP, 0x12 counterfeit, 0x88/0x89/0xB2 FM17522

# Commands, 10.3
IDLE = const(0x00)
CALCULATE_CRC = const(0x03)
TRANSCEIVE = const(0x0C)
AUTHENTICATE = const(0x0E)
SOFT_RESET = const(0x0F)
POWER_DOWN = const(0x10)

# COM_IRQ
IRQ_TIMER = const(0x01)
IRQ_IDLE = const(0x10)  # a command ended by itself
IRQ_RECEIVED = const(0x20)
IRQ_NEVER_SET = const(0x80)  # Set1 is write only: a bus that reads 1 here reads nothing at all
IRQ_ALL = const(0x7F)
IRQ_AWAITED = const(0x31)  # the three that the driver waits for
IRQ_SET = const(0x80)  # written with it, the other bits are set instead of cleared

# ERROR
ERROR_PROTOCOL = const(0x01)
ERROR_PARITY = const(0x02)
ERROR_COLLISION = const(0x08)
ERROR_OVERFLOW = const(0x10)
ERROR_TEMPERATURE = const(0x40)  # the antenna drivers were switched off by the chip
ERROR_WRITE = const(0x80)
ERROR_FRAME = const(0x1F)  # any of the above that is about a frame

# STATUS_2, FIFO_LEVEL, BIT_FRAMING, COLLISION, TX_MODE, RX_MODE, TX_CONTROL
CRYPTO_ON = const(0x08)
FLUSH = const(0x80)
START_SEND = const(0x80)
NO_POSITION = const(0x20)
POSITION = const(0x1F)
CRC_ON = const(0x80)
ANTENNA_ON = const(0x03)
MODE_FIELDS = const(0xAB)  # MODE without its reserved bits
TX_MODE_FIELDS = const(0xF8)
RX_MODE_FIELDS = const(0xFC)
GAIN = const(0x70)  # RF_GAIN's only field

# What init writes
CRC_PRESET_6363 = const(0x3D)  # MODE: ISO/IEC 14443-3 type A preset
FULL_MODULATION = const(0x40)  # TX_ASK
GAIN_43_DB = const(0x60)  # RF_GAIN
TIMER_AUTO = const(0x80)  # TIMER_MODE
PRESCALER_25_US = const(0xA9)  # 13.56 MHz / (2 * 169 + 1) = 40 kHz: one tick is 25 us, the longest wait 1.6 s
