"""Driver of the NXP MFRC522 contactless reader and its relatives (FM17522, counterfeits) on SPI."""
