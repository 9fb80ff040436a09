"""Every register against the data sheet's own table (9.3), typed from there and from nowhere of ours: what it holds
after a reset, and which of its bits a write may change. Firmware and emulator could share a mistake; this table cannot.
"""

from __future__ import annotations

import pytest

from tests.host.emulator.rf.bench import Bench

PLAIN_REGISTERS = """
02 80 ComIEn        ########
03 00 DivIEn        #--#-#--
0B 08 WaterLevel    --######
11 3F Mode          #-#-#-##
12 00 TxMode        #####---
13 00 RxMode        ######--
15 00 TxASK         -#------
16 10 TxSel         --######
17 84 RxSel         ########
18 84 RxThreshold   ####-###
19 4D Demod         ########
1C 62 MfTx          ------##
1D 00 MfRx          ---#----
1F EB SerialSpeed   ########
24 26 ModWidth      ########
26 48 RFCfg         -###----
27 88 GsN           ########
28 20 CWGsP         --######
29 20 ModGsP        --######
2A 00 TMode         ########
2B 00 TPrescaler    ########
2C 00 TReloadHi     ########
2D 00 TReloadLo     ########
31 00 TestSel1      -----###
32 00 TestSel2      ########
33 80 TestPinEn     #######-
34 00 TestPinValue  #######-
36 40 AutoTest      -#--####
39 00 TestDAC1      --######
3A 00 TestDAC2      --######
10 00 reserved      --------
1A 00 reserved      --------
1B 00 reserved      --------
1E 00 reserved      --------
20 00 reserved      --------
23 88 reserved      --------
25 87 reserved      --------
30 00 reserved      --------
3C FF reserved      --------
3D 00 reserved      --------
3E 03 reserved      --------
3F 00 reserved      --------
21 FF CRCResultHi   --------
22 FF CRCResultLo   --------
"""
"""Address, reset value, name, and from bit 7 to bit 0 what a write changes. Left out: registers that act when they are
written, whose tests stand elsewhere, and those whose reset value the data sheet leaves open."""

ROWS = [line.split() for line in PLAIN_REGISTERS.split("\n") if line]


@pytest.mark.parametrize(("address", "reset", "name", "access"), ROWS, ids=[row[0] + row[2] for row in ROWS])
def test_a_register_is_as_the_data_sheet_has_it(bench: Bench, address: str, reset: str, name: str, access: str) -> None:
    register, kept = int(address, 16), int(reset, 16)
    writable = int(access.replace("#", "1").replace("-", "0"), 2)
    assert bench.read(register) == kept
    for value in (0xFF, 0x00, 0xAA, 0x55):
        bench.write(register, value)
        assert bench.read(register) == kept & ~writable | value & writable, f"after 0x{value:02x}"


@pytest.mark.parametrize(("version", "changes"), [(0x91, 0x00), (0x92, 0x10)])
def test_the_even_prescaler_came_with_version_2(make_bench: type[Bench], version: int, changes: int) -> None:
    """9.3.2.10: TPrescalEven is there on version 2.0 only."""
    bench = make_bench(version)
    bench.write(0x19, 0x4D | 0x10)
    assert bench.read(0x19) == 0x4D | changes
