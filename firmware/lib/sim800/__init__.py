"""SIM800 series GSM modem on a UART: bring-up, one TCP connection, SMS in PDU mode, network time."""
