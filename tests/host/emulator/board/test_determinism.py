"""The same seed gives the same run, event for event."""

from textwrap import dedent

from emulator.cards.classic import ClassicCard
from emulator.image import build_image
from emulator.world import TraceEntry, World

MAIN = dedent("""
    import asyncio, machine, os, random
    cs = machine.Pin(5, machine.Pin.OUT, value=1)
    machine.Pin(27, machine.Pin.OUT, value=1)
    spi = machine.SPI(2, 4000000)
    uart = machine.UART(0, 115200)
    async def chatter():
        while True:
            await asyncio.sleep_ms(random.randrange(5, 50))
            cs(0)
            spi.write_readinto(bytearray(b"\\xee\\x00"), bytearray(2))
            cs(1)
            uart.write(os.urandom(4).hex() + "\\n")
    async def keeper():
        with open("/log", "a") as file:
            while True:
                await asyncio.sleep_ms(80)
                file.write(os.urandom(20).hex())
                file.flush()
    async def main():
        await asyncio.gather(chatter(), keeper())
    asyncio.run(main())
""")


def run(seed: int) -> tuple[list[TraceEntry], bytes]:
    with World(seed=seed) as world:
        image = build_image({"main.py": MAIN})
        boards = [world.board(name, image) for name in ("one", "two")]
        for board in boards:
            board.power_on()
        card = ClassicCard(uid=bytes(4), seed=seed)
        world.at(500, lambda: boards[0].field.enter(card))
        world.at(900, lambda: boards[1].button(0).press(50))
        world.at(1200, boards[1].reset)
        world.run_for(3000)
        return list(world.trace), boards[1].flash.image()


def test_the_same_seed_gives_the_same_run() -> None:
    first_trace, first_image = run(1)
    second_trace, second_image = run(1)
    assert len(first_trace) > 300
    assert first_trace == second_trace
    assert first_image == second_image


def test_another_seed_gives_another_run() -> None:
    assert run(1)[0] != run(2)[0]
