"""What GSM says on the wire, for both interpreters: SMS PDUs and the lines of an AT modem. Imports nothing of ours."""
