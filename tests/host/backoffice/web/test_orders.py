"""Orders to a machine as an administrator gives them in a browser, and what the machine's answers look like there."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, expect
from protocol import journal, keys, orders, results, uplink

from backoffice.authority import signing
from backoffice.authority.secret import Secret
from backoffice.sms.schemas import OutState
from tests.host.backoffice.machines import CREDITS, FIRST_CREDIT, Machine, add_machine
from tests.host.backoffice.support import PASSWORD
from tests.host.backoffice.web.office import PATIENCE_S, PHONE, Office, Visit
from tests.host.backoffice.web.test_every_page import FAINT_TEXT, REPEATED_IDS, SMALL_TARGETS, UNNAMED

NUMBER = 4001
PAGE = f"/machines/{NUMBER}"
MASTER_SECRET = b"m" * 32
AUTHORITY_KEY = signing.public_key(keys.authority_scalar(MASTER_SECRET))
REFUSED = "the server responded with a status of"
"""What Chromium writes into its console about a form that was not obeyed."""
LAST_CREDIT = FIRST_CREDIT + CREDITS - 1
CHOICES = ("lock", "refund", "refuse", "interval", "clock", "connection")


@pytest.fixture
def machine(office: Office) -> Machine:
    """One more machine at the first institution, with a real key, that has reported."""
    made = add_machine(office.context, Machine(NUMBER, key=b"q" * 32, time=office.clock.now - 30), 1)
    made.write(journal.BOOT)
    exchange(office, made)
    return made


@pytest.fixture
def authority(office: Office) -> Iterator[None]:
    """The administrator has presented the master card."""
    office.app.state.workshop.room.open(1, AUTHORITY_KEY, Secret(MASTER_SECRET), 1)
    yield
    office.app.state.workshop.room.close()


def exchange(office: Office, machine: Machine) -> list[uplink.Command]:
    """The machine reports all it has; what it is ordered."""
    message = machine.report()
    answer = httpx2.post(
        f"{office.url}/api/v1/uplink",
        content=message,
        headers={"content-type": "application/cose"},
        timeout=PATIENCE_S,
    )
    return machine.ack(message, answer).commands


def answer(office: Office, machine: Machine, command: uplink.Command, result: int = results.DONE) -> None:
    """The machine has dealt with it and says so."""
    machine.write(journal.COMMAND, detail=command.id.to_bytes(4, "big") + bytes([command.kind, result]))
    exchange(office, machine)


def open_choice(visit: Visit, name: str) -> Locator:
    """One of the things that can be ordered."""
    choice = visit.page.locator(f"#order-{name}")
    choice.locator("summary").click()
    return choice


def newest(visit: Visit) -> Locator:
    return visit.page.locator("#order-list li").first


def start(visit: Visit) -> None:
    """Open the machine's page and leave a mark that a reload would wipe out."""
    visit.go(PAGE)
    visit.charts_drawn()
    visit.is_live()


def test_an_order_is_followed_until_its_answer(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "interval")
    choice.get_by_label("Report at least every").select_option(label="15 minutes")
    choice.get_by_role("button", name="Order").click()
    expect(newest(visit)).to_contain_text("Report at least every 15 minutes")
    expect(newest(visit)).to_contain_text("by Admin")
    expect(newest(visit).locator(".pill")).to_have_text("Waiting")
    expect(visit.page.locator("#orders-waiting")).to_have_text("1 order on its way")
    visit.is_live()
    visit.page.evaluate("window.marked = true")
    (command,) = exchange(office, machine)
    expect(newest(visit).locator(".pill")).to_have_text("Sent")
    assert newest(visit).get_by_role("button").count() == 0
    answer(office, machine, command)
    expect(newest(visit).locator(".pill")).to_have_text("Done")
    expect(newest(visit)).to_contain_text("The machine has done it.")
    expect(visit.page.locator("#orders-waiting")).to_have_text("")
    assert visit.page.evaluate("window.marked") is True
    newest(visit).get_by_role("link", name="entry 2").click()
    expect(visit.page.locator("#log tbody tr").first).to_contain_text("Command carried out")


def test_what_waits_can_be_taken_back(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    open_choice(visit, "clock").get_by_role("button", name="Set the clock").click()
    newest(visit).get_by_role("button", name="Take back").click()
    expect(newest(visit).locator(".pill")).to_have_text("Taken back")
    assert exchange(office, machine) == []


def test_locking_asks_for_the_authority_first(machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "lock")
    expect(choice).to_contain_text("The top authority signs this.")
    assert choice.get_by_role("button", name="Lock machine").count() == 0
    choice.get_by_label("PIN of the master card").fill("123456")
    choice.get_by_role("button", name="Open the session").click()
    expect(visit.page.locator("#orders [role=alert]")).to_contain_text("The device's port cannot be opened")
    visit.forgive(REFUSED)


@pytest.mark.usefixtures("authority")
def test_a_machine_is_locked_and_unlocked(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "lock")
    expect(choice).to_contain_text("The authority's session is open until")
    choice.get_by_label("Text for its screen").fill("Call 400 800 1234")
    choice.get_by_label("type the machine's number").fill(str(NUMBER))
    choice.get_by_role("button", name=f"Lock machine {NUMBER}").click()
    expect(newest(visit)).to_contain_text("Call 400 800 1234")
    expect(visit.page.locator("#health .pill").first).to_have_text("Being locked")
    visit.is_live()
    (command,) = exchange(office, machine)
    orders.verify(AUTHORITY_KEY, orders.read(NUMBER, machine.epoch, command))
    answer(office, machine, command)
    expect(newest(visit).locator(".pill")).to_have_text("Done")
    expect(visit.page.locator("#alerts")).to_contain_text("A machine is locked")
    expect(visit.page.locator("#health .pill").first).to_have_text("Locked")
    open_choice(visit, "unlock").get_by_role("button", name=f"Unlock machine {NUMBER}").click()
    expect(newest(visit)).to_contain_text("Unlock the machine")
    expect(visit.page.locator("#health .pill").first).to_have_text("Being unlocked")
    (command,) = exchange(office, machine)
    answer(office, machine, command, results.STALE)
    visit.go(PAGE)
    expect(newest(visit).locator(".pill")).to_have_text("Not done")
    expect(newest(visit)).to_contain_text("it has obeyed a later order already")
    expect(visit.page.locator("#health .pill").first).to_have_text("Locked")


@pytest.mark.usefixtures("authority")
def test_the_wrong_number_stops_nothing(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "lock")
    choice.get_by_label("type the machine's number").fill("4002")
    choice.get_by_role("button", name=f"Lock machine {NUMBER}").click()  # the browser itself refuses
    assert visit.path == PAGE
    visit.page.evaluate("for (const form of document.forms) form.noValidate = true")
    choice.get_by_role("button", name=f"Lock machine {NUMBER}").click()
    expect(visit.page.locator("#orders [role=alert]")).to_contain_text("not this machine's number")
    visit.forgive(REFUSED)
    assert exchange(office, machine) == []


@pytest.mark.usefixtures("authority")
def test_a_text_that_the_screen_has_no_room_for(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "lock")
    choice.get_by_label("Text for its screen").fill("请" * 22)
    choice.get_by_label("type the machine's number").fill(str(NUMBER))
    choice.get_by_role("button", name=f"Lock machine {NUMBER}").click()
    problem = visit.page.locator("#orders [role=alert]")
    expect(problem).to_contain_text("The machine would not take this.")
    expect(problem).to_contain_text("Text for its screen")
    expect(choice.get_by_label("Text for its screen")).to_have_value("请" * 22)
    visit.forgive(REFUSED)
    assert exchange(office, machine) == []


def test_a_connection_that_does_not_work_is_said_to_have_returned(
    office: Office, machine: Machine, visit: Visit
) -> None:
    start(visit)
    choice = open_choice(visit, "connection")
    choice.get_by_label("APN", exact=True).fill("internet")
    choice.get_by_label("APN password").fill("hush hush")
    choice.get_by_label("Links, the best first").select_option(label="Wi-Fi → Mobile data (GPRS) → SMS")
    choice.get_by_role("button", name="Try the new connection").click()
    expect(newest(visit)).to_contain_text("changed, not shown")
    expect(newest(visit)).to_contain_text("Wi-Fi → Mobile data (GPRS) → SMS")
    (command,) = exchange(office, machine)
    assert command.args == [{"transport": "wifi,gprs,sms", "apn": "internet", "apn_password": "hush hush"}]
    expect(newest(visit).locator(".pill")).to_have_text("Being tried")
    answer(office, machine, command, results.RETURNED)
    expect(newest(visit).locator(".pill")).to_have_text("Returned")
    expect(newest(visit)).to_contain_text("The machine has returned to the old one by itself.")
    assert "hush" not in visit.page.content()


def test_what_the_machine_would_refuse_is_said_at_once(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "connection")
    choice.get_by_label("Server address").fill("https://perscan.example/")
    choice.get_by_role("button", name="Try the new connection").click()
    problem = visit.page.locator("#orders [role=alert]")
    expect(problem).to_contain_text("The machine would not take this.")
    expect(problem).to_contain_text("Server address")
    visit.forgive(REFUSED)
    assert exchange(office, machine) == []


def test_an_exam_in_doubt_is_refunded(office: Office, machine: Machine, visit: Visit) -> None:
    machine.write(journal.INTENT, 45_077)
    exchange(office, machine)
    start(visit)
    choice = open_choice(visit, "refund")
    expect(choice.get_by_label("Card").locator("option")).to_contain_text([f"Card 45077, batch {machine.batch}"])
    choice.get_by_role("button", name="Refund this card").click()
    expect(newest(visit)).to_contain_text(f"Refund card 45077 of batch {machine.batch}")
    (command,) = exchange(office, machine)
    assert (command.kind, command.args) == (uplink.REFUND_CREDIT, [machine.batch, 45_077])
    open_choice(visit, "refund").get_by_role("button", name="Refund this card").click()
    expect(visit.page.locator("#orders [role=alert]")).to_contain_text("The same order waits")
    visit.forgive(REFUSED)


def test_cards_are_refused(office: Office, machine: Machine, visit: Visit) -> None:
    start(visit)
    choice = open_choice(visit, "refuse")
    choice.get_by_label("Batch").first.select_option(str(machine.batch))
    choice.get_by_label("Card number").fill("5000")
    choice.get_by_role("button", name="Refuse this card").click()
    problem = visit.page.locator("#orders [role=alert]")
    expect(problem).to_contain_text(f"Batch {machine.batch} has the cards {FIRST_CREDIT} to {LAST_CREDIT}.")
    visit.forgive(REFUSED)
    assert visit.path == PAGE  # to load it again is not to order it again
    visit.is_live()
    assert exchange(office, machine) == []
    expect(choice.get_by_label("Card number")).to_have_value("5000")  # and the form is open
    choice.get_by_label("Card number").fill("500")
    choice.get_by_role("button", name="Refuse this card").click()
    expect(newest(visit)).to_contain_text(f"Refuse card 500 of batch {machine.batch}")
    choice = open_choice(visit, "refuse")
    choice.get_by_label("Batch").nth(1).select_option(str(machine.batch))
    choice.get_by_label("type the machine's number").fill(str(NUMBER))
    choice.get_by_role("button", name="Refuse the whole batch").click()
    expect(newest(visit)).to_contain_text(f"Refuse every card of batch {machine.batch}")
    assert [command.args for command in exchange(office, machine)] == [[machine.batch, 500], [machine.batch]]


def test_a_refused_form_keeps_what_was_typed_and_no_secret(office: Office, machine: Machine) -> None:
    """Every field of the longest form, refused for one of them."""
    typed = {
        "transport": "wifi,gprs",
        "wifi_ssid": "Clinic 5G",
        "server_host": "https://not a host",
        "server_port": "8443",
        "server_tls": "on",
        "server_name": "perscan.example",
        "server_ca": "-----BEGIN CERTIFICATE-----",
        "apn": "cmnet",
        "apn_user": "ada",
        "sms_number": "+8613800001002",
        "sms_per_day": "24",
    }
    secrets = {"wifi_password": "hush hush", "apn_password": "psst psst", "sim_pin": "4711"}
    headers = {"origin": office.url, "accept": "text/html"}
    with httpx2.Client(base_url=office.url, headers=headers, timeout=PATIENCE_S) as client:
        client.post("/login", data={"login": "admin", "password": PASSWORD})
        page = client.post(f"{PAGE}/orders/connection", data=typed | secrets)
    assert page.status_code == 422
    assert 'id="order-connection" open' in page.text
    for name, value in typed.items():
        assert re.search(f'name="{name}"[^>]*value="{re.escape(value)}"', page.text) or (
            f'<option value="{value}" selected>' in page.text or f">{value}</textarea>" in page.text
        ), name
    assert not [value for value in secrets.values() if value in page.text]
    assert exchange(office, machine) == []


@pytest.mark.parametrize("login", ["investor", "clinic"])
def test_only_administrators_order(browser: Browser, office: Office, machine: Machine, login: str) -> None:
    with Visit(browser, office) as visit:
        visit.enter(login)
        visit.go("/machines/1002" if login == "clinic" else PAGE)
        expect(visit.page.locator("#orders-name")).to_be_visible()
        assert visit.page.locator("#order-forms").count() == 0
        assert visit.page.get_by_role("button", name="Take back").count() == 0
    with httpx2.Client(base_url=office.url, headers={"origin": office.url}, timeout=PATIENCE_S) as client:
        client.post("/login", data={"login": login, "password": PASSWORD})
        for path in (f"{PAGE}/orders/set-time", f"{PAGE}/orders/1/cancel", "/authority/close", f"{PAGE}/orders/unlock"):
            assert client.post(path, data={"machine": NUMBER}).status_code == 403, path


@pytest.mark.parametrize(("scheme", "viewport"), [("light", None), ("dark", None), ("light", PHONE)])
@pytest.mark.usefixtures("authority")
def test_every_choice_in_every_dress(
    browser: Browser, office: Office, machine: Machine, scheme: str, viewport: dict[str, int] | None
) -> None:
    profile: dict[str, Any] = {"color_scheme": scheme, **({"viewport": viewport} if viewport else {})}
    with Visit(browser, office, **profile) as visit:
        visit.enter("admin")
        start(visit)
        for name in CHOICES:
            open_choice(visit, name)
            width = visit.page.evaluate("document.documentElement.scrollWidth")
            assert width <= (viewport["width"] if viewport else 1360), name
            for check in (FAINT_TEXT, UNNAMED, REPEATED_IDS, SMALL_TARGETS):
                assert visit.page.evaluate(check) == [], name


def test_orders_work_without_scripts(browser: Browser, office: Office, machine: Machine) -> None:
    with Visit(browser, office, java_script_enabled=False) as visit:
        visit.enter("admin")
        visit.go(PAGE)
        open_choice(visit, "clock").get_by_role("button", name="Set the clock").click()
        expect(newest(visit).locator(".pill")).to_have_text("Waiting")


def test_orders_in_chinese(browser: Browser, office: Office, machine: Machine) -> None:
    with Visit(browser, office, locale="zh-CN") as visit:
        visit.enter("admin")
        visit.go("/machines/1002")
        expect(visit.page.locator("#orders-name")).to_have_text("指令")
        expect(visit.page.locator("#order-list")).to_contain_text("新连接不可用，刷卡机已自动退回原来的连接。")
        expect(visit.page.locator("#links")).to_contain_text("刷卡机无法接入 Wi-Fi。")


def test_the_link_and_the_clock_of_a_machine(visit: Visit) -> None:
    visit.go("/machines/1002")
    links = visit.page.locator("#links")
    for words in (
        "Mobile data (GPRS)",
        "The Wi-Fi network did not take the machine.",
        "weak (-87 dBm)",
        "restarted once",
        "14 sent",
        "set by this server",
        "2 seconds behind",
    ):
        expect(links).to_contain_text(words)


def test_short_messages_by_machine_direction_and_state(visit: Visit) -> None:
    visit.go("/sms")
    expect(visit.page.locator("#sms tbody tr")).to_have_count(12)
    visit.page.get_by_label("State").select_option(label="Refused")
    visit.page.wait_for_url("**/sms?state=refused")
    expect(visit.page.locator("#sms tbody tr")).to_have_count(2)
    expect(visit.page.locator("#sms tbody")).to_contain_text("A copy of an old report, from another number.")
    visit.go("/sms?machine=1002&direction=out")
    expect(visit.page.locator("#sms tbody tr")).to_have_count(6)
    visit.page.get_by_label("Direction").select_option(label="From machines")
    visit.page.wait_for_url("**/sms?direction=in&machine=1002")
    expect(visit.page.locator("#sms tbody tr")).to_have_count(3)
    visit.go("/sms?since=2020-01-01&until=2020-01-02")
    visit.wait_for("No short message fits these filters")


def test_short_messages_are_for_staff(browser: Browser, office: Office) -> None:
    with Visit(browser, office) as visit:
        visit.enter("clinic")
        assert visit.go("/sms").status == 403
        assert visit.page.get_by_role("link", name="Short messages").count() == 0
        visit.forgive("Failed to load resource")


def test_a_short_message_moves_on_by_itself(office: Office, visit: Visit) -> None:
    visit.go("/sms")
    visit.is_live()
    row = visit.page.locator("[data-key=sms-out-5]")
    expect(row.locator(".pill")).to_have_text("In the network")
    visit.page.evaluate("window.marked = true")
    office.context.sms._store_delivery(5, OutState.DELIVERED)
    expect(row.locator(".pill")).to_have_text("Delivered")
    assert visit.page.evaluate("window.marked") is True
