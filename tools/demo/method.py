"""The thirteen steps of the method, each a function, in their order."""

from dataclasses import dataclass, field
from typing import Any

from client.debit import Client
from emulator.cards.classic import ClassicCard
from tools.demo.bench import CHILD_ISSUER, MASTER_ISSUER, SWIPE, Bench
from tools.demo.desk import Desk
from tools.demo.operator import Operator, new_pin
from tools.demo.say import Narrator

QUOTA = 500
MORE_CARDS = 40
SPARE_CARDS = 2
OTHER_BATCH_CARDS = 2
REPORT_S = 2
EXAM_S = 120
CARD_WAIT_MS = 30_000
WARNINGS = {
    "weak_medium": " MIFARE Classic can be copied: good enough for a demonstration, never for a real authority."
}


@dataclass
class Clinic:
    """What the steps make and hand on."""

    operator: Operator
    bench: Bench
    say: Narrator
    server_port: int
    cards_wanted: int
    desks: dict[str, Desk] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)
    machine_ids: dict[str, int] = field(default_factory=dict)
    institution: dict[str, Any] = field(default_factory=dict)
    authority_pin: str = field(default_factory=new_pin, repr=False)
    issuer_pin: str = field(default_factory=new_pin, repr=False)
    master: ClassicCard | None = None
    white: ClassicCard | None = None
    white_id: int = 0
    batches: list[tuple[int, ClassicCard]] = field(default_factory=list)
    """Each batch's number and its card."""
    cards: list[ClassicCard] = field(default_factory=list)
    other_cards: list[ClassicCard] = field(default_factory=list)

    @property
    def swipe_url(self) -> str:
        return self.bench.machines[SWIPE].url

    @property
    def written_cards(self) -> list[ClassicCard]:
        """Every card that left a desk, of all levels but the master's."""
        return [card for desk in self.desks.values() for card in desk.written]


def perform(clinic: Clinic) -> None:
    """All of them."""
    configure(clinic)
    appoint(clinic)
    make_master_card(clinic)
    make_white_card(clinic)
    initialise_swipe_machine(clinic)
    connect_swipe_machine(clinic)
    initialise_child_issuer(clinic)
    make_batch_cards(clinic)
    make_one_time_cards(clinic)
    hand_over(clinic)
    initialise_with_batch_card(clinic)
    clinic.say.step(12, "Each exam swipes one one-time card: the day at the clinic, below.")
    clinic.say.step(13, "Usage reaches the back office: it does so from the first debit on.")


def configure(clinic: Clinic) -> None:
    clinic.say.step(1, "The investor configures the database: an institution and its machines.")
    post = clinic.operator.post
    clinic.institution = post("/api/v1/institutions", {"name": "Lakeside Eye Clinic", "city": "Hangzhou"})
    for name, role in ((MASTER_ISSUER, "master_issuer"), (CHILD_ISSUER, "child_issuer"), (SWIPE, "swipe")):
        owner = {"institution_id": clinic.institution["id"]} if role == "swipe" else {}
        machine = post("/api/v1/machines", {"role": role, "name": name.capitalize(), "report_interval_s": 60, **owner})
        clinic.machine_ids[name] = machine["id"]
        emulated = clinic.bench.machines[name]
        wanted = {"name": name.capitalize(), "url": emulated.url, "role": role, "machine_id": machine["id"]}
        clinic.devices[name] = post("/api/v1/devices", wanted)["id"]
        clinic.desks[name] = Desk(clinic.operator, clinic.bench, emulated, clinic.say)


def appoint(clinic: Clinic) -> None:
    clinic.say.step(2, "Agents and user permissions are set up.")
    agent = clinic.operator.post("/api/v1/agents", {"name": "West Lake Medical Devices"})
    clinic.operator.patch(f"/api/v1/institutions/{clinic.institution['id']}", {"agent_id": agent["id"]})
    people: list[dict[str, Any]] = [
        {"login": "issuer", "name": "Ida Issuer", "role": "issuer"},
        {"login": "agent", "name": "Ang Agent", "role": "agent", "agent_id": agent["id"]},
        {"login": "investor", "name": "Ines Investor", "role": "investor"},
        {
            "login": "clinic",
            "name": "Cleo Clinic",
            "role": "institution",
            "institution_id": clinic.institution["id"],
        },
    ]
    for person in people:
        made = clinic.operator.post("/api/v1/users", person)
        clinic.say.detail(f"{person['name']} may log in as {person['login']}, the first time with {made['password']}")


def make_master_card(clinic: Clinic) -> None:
    clinic.say.step(3, "The master-card issuer makes the one master card.")
    clinic.master = clinic.bench.blank_card()
    wanted = {"device_id": clinic.devices[MASTER_ISSUER], "pin": clinic.authority_pin, "accept_weak_medium": True}
    made = clinic.desks[MASTER_ISSUER].with_card(
        clinic.master, lambda: clinic.operator.post("/api/v1/authority/master", wanted)
    )
    clinic.say.detail(f"Master card {made['master_id']}, UID {made['uid']}.{WARNINGS.get(made['warning'], '')}")
    clinic.say.detail(f"Its PIN is {clinic.authority_pin}.")


def make_white_card(clinic: Clinic) -> None:
    clinic.say.step(4, f"The master-card issuer makes a white card for {QUOTA} credits, using the master card.")
    _open_authority(clinic)
    order = {
        "device_id": clinic.devices[MASTER_ISSUER],
        "count": 1,
        "quota": QUOTA,
        "issuer_pin": clinic.issuer_pin,
    }
    job = clinic.operator.post("/api/v1/issuing/white", order)
    clinic.white = clinic.desks[MASTER_ISSUER].follow(job, {}, clinic.issuer_pin)[-1]
    clinic.white_id = clinic.operator.get("/api/v1/issuing/white")["items"][0]["id"]
    clinic.say.detail(f"White card {clinic.white_id}: the issuer's PIN is {clinic.issuer_pin}.")


def initialise_swipe_machine(clinic: Clinic) -> None:
    clinic.say.step(5, "The swipe machine is initialised by the master card: keys are configured.")
    settings = {
        "server_host": "127.0.0.1",
        "server_port": clinic.server_port,
        "wifi_ssid": "lakeside",
        "report_s": REPORT_S,
        "exam_s": EXAM_S,
        "require_client": True,
    }
    _provision(clinic, SWIPE, settings)


def connect_swipe_machine(clinic: Clinic) -> None:
    clinic.say.step(6, f"It has its institution's data ({clinic.institution['name']}) and its way to the server.")


def initialise_child_issuer(clinic: Clinic) -> None:
    clinic.say.step(7, "The child-card issuer is initialised by the master card.")
    _provision(clinic, CHILD_ISSUER, {})


def make_batch_cards(clinic: Clinic) -> None:
    clinic.say.step(8, "The child-card issuer makes batch cards, using the white card.")
    for count in (clinic.cards_wanted + SPARE_CARDS, OTHER_BATCH_CARDS):
        clinic.batches.append(_batch_card(clinic, count))


def make_one_time_cards(clinic: Clinic) -> None:
    clinic.say.step(9, "From each batch card it makes the one-time cards.")
    clinic.cards, clinic.other_cards = (_one_time_cards(clinic, *batch) for batch in clinic.batches)


def hand_over(clinic: Clinic) -> None:
    clinic.say.step(10, f"Batch card and {len(clinic.cards)} one-time cards go to {clinic.institution['name']}.")


def initialise_with_batch_card(clinic: Clinic) -> None:
    clinic.say.step(11, "The institution initialises its swipe machine with the batch card, once.")
    with Client(clinic.swipe_url) as client:
        _show_batch_card(clinic, clinic.batches[0][1], client)


def supply(clinic: Clinic, client: Client, count: int = MORE_CARDS) -> list[ClassicCard]:
    """The clinic has run out: one more batch for its machine as it is now. Raises DemoFailed, HostLinkError."""
    clinic.say.plain(f"The clinic has run out of cards: the issuer makes {count} more.")
    whites = clinic.operator.get("/api/v1/issuing/white")["items"]
    if next(white["left"] for white in whites if white["id"] == clinic.white_id) < count:
        make_white_card(clinic)
    batch = _batch_card(clinic, count)
    cards = _one_time_cards(clinic, *batch)
    _show_batch_card(clinic, batch[1], client)
    return cards


def _batch_card(clinic: Clinic, count: int) -> tuple[int, ClassicCard]:
    wish = {"white_id": clinic.white_id, "machine_id": clinic.machine_ids[SWIPE], "count": count}
    seen = clinic.operator.post("/api/v1/issuing/batch/preview", wish)
    clinic.say.detail(
        f"{count} credits for {seen['machine_name']} at {seen['institution_name']}, confirmed by the issuer"
    )
    order = {
        **wish,
        "device_id": clinic.devices[CHILD_ISSUER],
        "pin": clinic.issuer_pin,
        "confirmation": seen["confirmation"],
    }
    job = clinic.operator.post("/api/v1/issuing/batch", order)
    assert clinic.white is not None
    card = clinic.desks[CHILD_ISSUER].follow(job, {"show_white": clinic.white}, clinic.issuer_pin)[-1]
    return job["batch_id"], card


def _one_time_cards(clinic: Clinic, batch_id: int, card: ClassicCard) -> list[ClassicCard]:
    order = {"device_id": clinic.devices[CHILD_ISSUER], "batch_id": batch_id, "pin": clinic.issuer_pin}
    job = clinic.operator.post("/api/v1/issuing/one-time", order)
    cards = clinic.desks[CHILD_ISSUER].follow(job, {"show_batch": card}, clinic.issuer_pin)
    clinic.say.detail(f"{len(cards)} one-time cards of batch {batch_id}")
    return cards


def _show_batch_card(clinic: Clinic, card: ClassicCard, client: Client) -> None:
    machine = clinic.bench.machines[SWIPE]
    clinic.bench.put(machine, card)
    try:
        batch = client.init_batch(CARD_WAIT_MS)
    finally:
        clinic.bench.take(machine, card)
    clinic.say.detail(
        f"Batch {batch.batch}: {batch.count} credits are good on machine {batch.machine_id}, and no other"
    )


def _open_authority(clinic: Clinic) -> None:
    assert clinic.master is not None
    wanted = {"device_id": clinic.devices[MASTER_ISSUER], "pin": clinic.authority_pin}
    clinic.desks[MASTER_ISSUER].with_card(
        clinic.master, lambda: clinic.operator.post("/api/v1/authority/session", wanted)
    )


def _provision(clinic: Clinic, name: str, settings: dict[str, Any]) -> None:
    assert clinic.master is not None
    wanted = {"device_id": clinic.devices[name], "machine_id": clinic.machine_ids[name], "settings": settings}
    clinic.desks[name].with_card(clinic.master, lambda: clinic.operator.post("/api/v1/authority/provision", wanted))
