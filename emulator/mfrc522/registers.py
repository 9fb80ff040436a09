"""Register file of the MFRC522 (data sheet 9.2 and 9.3): addresses, reset values, bits that a write changes."""

from __future__ import annotations

from typing import Final

# Page 0: command and status
COMMAND: Final = 0x01  # RcvOff, PowerDown, Command
COM_I_EN: Final = 0x02  # which of ComIrq reach the IRQ pin; IRqInv
DIV_I_EN: Final = 0x03  # which of DivIrq reach the IRQ pin; IRqPushPull
COM_IRQ: Final = 0x04  # Set1 TxIRq RxIRq IdleIRq HiAlertIRq LoAlertIRq ErrIRq TimerIRq
DIV_IRQ: Final = 0x05  # Set2 MfinActIRq CRCIRq
ERROR: Final = 0x06  # WrErr TempErr BufferOvfl CollErr CRCErr ParityErr ProtocolErr
STATUS1: Final = 0x07  # CRCOk CRCReady IRq TRunning HiAlert LoAlert
STATUS2: Final = 0x08  # TempSensClear I2CForceHS MFCrypto1On ModemState
FIFO_DATA: Final = 0x09
FIFO_LEVEL: Final = 0x0A  # FlushBuffer, level
WATER_LEVEL: Final = 0x0B
CONTROL: Final = 0x0C  # TStopNow TStartNow RxLastBits
BIT_FRAMING: Final = 0x0D  # StartSend RxAlign TxLastBits
COLL: Final = 0x0E  # ValuesAfterColl CollPosNotValid CollPos
# Page 1: communication
MODE: Final = 0x11  # MSBFirst TxWaitRF PolMFin CRCPreset
TX_MODE: Final = 0x12  # TxCRCEn TxSpeed InvMod
RX_MODE: Final = 0x13  # RxCRCEn RxSpeed RxNoErr RxMultiple
TX_CONTROL: Final = 0x14  # antenna drivers
TX_ASK: Final = 0x15  # Force100ASK
TX_SEL: Final = 0x16  # DriverSel MFOutSel
RX_SEL: Final = 0x17  # UARTSel RxWait
RX_THRESHOLD: Final = 0x18
DEMOD: Final = 0x19  # TPrescalEven among others
MF_TX: Final = 0x1C
MF_RX: Final = 0x1D  # ParityDisable
SERIAL_SPEED: Final = 0x1F
# Page 2: configuration
CRC_RESULT_H: Final = 0x21
CRC_RESULT_L: Final = 0x22
MOD_WIDTH: Final = 0x24
RF_CFG: Final = 0x26  # receiver gain
GS_N: Final = 0x27
CW_GS_P: Final = 0x28
MOD_GS_P: Final = 0x29
T_MODE: Final = 0x2A  # TAuto TGated TAutoRestart TPrescaler_Hi
T_PRESCALER: Final = 0x2B
T_RELOAD_H: Final = 0x2C
T_RELOAD_L: Final = 0x2D
T_COUNTER_H: Final = 0x2E
T_COUNTER_L: Final = 0x2F
# Page 3: test
TEST_SEL1: Final = 0x31
TEST_SEL2: Final = 0x32
TEST_PIN_EN: Final = 0x33
TEST_PIN_VALUE: Final = 0x34
TEST_BUS: Final = 0x35
AUTO_TEST: Final = 0x36  # AmpRcv SelfTest
VERSION: Final = 0x37
ANALOG_TEST: Final = 0x38
TEST_DAC1: Final = 0x39
TEST_DAC2: Final = 0x3A
TEST_ADC: Final = 0x3B

REGISTERS: Final = 64

# Bits
RCV_OFF: Final = 0x20
POWER_DOWN: Final = 0x10
SET: Final = 0x80  # Set1, Set2
TX_IRQ: Final = 0x40
RX_IRQ: Final = 0x20
IDLE_IRQ: Final = 0x10
HI_ALERT_IRQ: Final = 0x08
LO_ALERT_IRQ: Final = 0x04
ERR_IRQ: Final = 0x02
TIMER_IRQ: Final = 0x01
IRQ_INVERTED: Final = 0x80
CRC_IRQ: Final = 0x04
WRITE_ERROR: Final = 0x80
TEMPERATURE_ERROR: Final = 0x40
BUFFER_OVERFLOW: Final = 0x10
COLLISION_ERROR: Final = 0x08
CRC_ERROR: Final = 0x04
PARITY_ERROR: Final = 0x02
PROTOCOL_ERROR: Final = 0x01
CRC_OK: Final = 0x40
CRC_READY: Final = 0x20
IRQ_PENDING: Final = 0x10
TIMER_RUNNING: Final = 0x08
HI_ALERT: Final = 0x02
LO_ALERT: Final = 0x01
CRYPTO1_ON: Final = 0x08
FLUSH_BUFFER: Final = 0x80
TIMER_STOP_NOW: Final = 0x80
TIMER_START_NOW: Final = 0x40
START_SEND: Final = 0x80
VALUES_AFTER_COLLISION: Final = 0x80
COLLISION_POSITION_INVALID: Final = 0x20
TX_WAIT_RF: Final = 0x20
CRC_ENABLE: Final = 0x80  # in TxMode and RxMode
SPEED_MASK: Final = 0x70  # in TxMode and RxMode; 0 is 106 kbit/s
RX_NO_ERROR: Final = 0x08
RX_MULTIPLE: Final = 0x04
ANTENNA_MASK: Final = 0x03
FORCE_100_ASK: Final = 0x40
DRIVER_MASK: Final = 0x30  # DriverSel: what modulates the antenna drivers
DRIVER_ENCODER: Final = 0x10  # ... the internal encoder
UART_MASK: Final = 0xC0  # UARTSel: where the receiver listens
UART_ANTENNA: Final = 0x80  # ... at the internal analog module
RX_WAIT_MASK: Final = 0x3F
SELF_TEST_MASK: Final = 0x0F
SELF_TEST: Final = 0x09
PRESCALER_EVEN: Final = 0x10
PRESCALER_EVEN_SINCE: Final = 0x92  # 9.3.2.10: version 2.0
TIMER_AUTO: Final = 0x80
TIMER_AUTO_RESTART: Final = 0x10

# Commands, as chapter 10.3 names them
IDLE: Final = 0x0
MEM: Final = 0x1
GENERATE_RANDOM_ID: Final = 0x2
CALC_CRC: Final = 0x3
TRANSMIT: Final = 0x4
NO_CMD_CHANGE: Final = 0x7
RECEIVE: Final = 0x8
TRANSCEIVE: Final = 0xC
MF_AUTHENT: Final = 0xE
SOFT_RESET: Final = 0xF
COMMANDS: Final = frozenset(
    (IDLE, MEM, GENERATE_RANDOM_ID, CALC_CRC, TRANSMIT, NO_CMD_CHANGE, RECEIVE, TRANSCEIVE, MF_AUTHENT, SOFT_RESET)
)

RESET_VALUES: Final = {
    COMMAND: 0x20,
    COM_I_EN: 0x80,
    COM_IRQ: 0x14,
    STATUS1: 0x21,
    WATER_LEVEL: 0x08,
    CONTROL: 0x10,
    COLL: 0xA0,
    MODE: 0x3F,
    TX_CONTROL: 0x80,
    TX_SEL: 0x10,
    RX_SEL: 0x84,
    RX_THRESHOLD: 0x84,
    DEMOD: 0x4D,
    MF_TX: 0x62,
    SERIAL_SPEED: 0xEB,
    CRC_RESULT_H: 0xFF,
    CRC_RESULT_L: 0xFF,
    MOD_WIDTH: 0x26,
    0x23: 0x88,  # reserved, as are 25h, 3Ch and 3Eh
    0x25: 0x87,
    RF_CFG: 0x48,
    GS_N: 0x88,
    CW_GS_P: 0x20,
    MOD_GS_P: 0x20,
    TEST_PIN_EN: 0x80,
    AUTO_TEST: 0x40,
    0x3C: 0xFF,
    0x3E: 0x03,
}

# Bits that a plain write changes; the others keep their reset value. Registers that do something are handled by the
# chip, those that are missing here are read-only or reserved.
WRITABLE_BITS: Final = {
    COM_I_EN: 0xFF,
    DIV_I_EN: 0x94,
    WATER_LEVEL: 0x3F,
    BIT_FRAMING: 0xF7,
    COLL: 0x80,
    MODE: 0xAB,
    TX_MODE: 0xF8,
    RX_MODE: 0xFC,
    TX_CONTROL: 0xFB,
    TX_ASK: 0x40,
    TX_SEL: 0x3F,
    RX_SEL: 0xFF,
    RX_THRESHOLD: 0xF7,
    DEMOD: 0xFF,
    MF_TX: 0x03,
    MF_RX: 0x10,
    SERIAL_SPEED: 0xFF,
    MOD_WIDTH: 0xFF,
    RF_CFG: 0x70,
    GS_N: 0xFF,
    CW_GS_P: 0x3F,
    MOD_GS_P: 0x3F,
    T_MODE: 0xFF,
    T_PRESCALER: 0xFF,
    T_RELOAD_H: 0xFF,
    T_RELOAD_L: 0xFF,
    TEST_SEL1: 0x07,
    TEST_SEL2: 0xFF,
    TEST_PIN_EN: 0xFE,
    TEST_PIN_VALUE: 0xFE,
    AUTO_TEST: 0x4F,
    ANALOG_TEST: 0xFF,
    TEST_DAC1: 0x3F,
    TEST_DAC2: 0x3F,
}


def writable_bits(address: int, version: int) -> int:
    """The bits of a register that a plain write changes on silicon of this version."""
    mask = WRITABLE_BITS.get(address, 0)
    return mask & ~PRESCALER_EVEN if address == DEMOD and version < PRESCALER_EVEN_SINCE else mask


# NXP version 1.0 and 2.0 and their predecessor, a counterfeit, and the FM17522 family.
VERSIONS: Final = frozenset((0x90, 0x91, 0x92, 0x12, 0x88, 0x89, 0xB2))
