"""No platform configured, and the files with secrets."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from backoffice import private_file
from backoffice.app import create_app
from backoffice.cli import app as cli
from backoffice.errors import SettingsError, SmsPlatformUnreachable, SmsSecretError, SmsSecretExposed
from backoffice.settings import Settings
from backoffice.sms.secret import SmsSecrets
from backoffice.sms.sim_pin import KEPT, REFUSED_PIN_FILE, SimPin


@pytest.fixture
def platform() -> str:
    return "none"


def test_without_a_platform_everything_is_closed(client: TestClient) -> None:
    for answer in (
        client.post("/api/v1/sms/webhook", content=b"{}"),
        client.post("/api/v1/sms/webhook/delivery", content=b"{}"),
        client.post("/api/v1/sms/kannel", content=b"x"),
        client.get("/api/v1/sms/kannel/delivery?reference=1&tag=x&status=1"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "sms_off")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PERSCAN_SMS_SECRET_PATH": str(tmp_path / "private" / "sms.json"),
        "PERSCAN_SMS_CALLBACK_URL": "http://127.0.0.1:8000",
    }


def test_the_secret_file_is_made_once_and_private(environment: dict[str, str]) -> None:
    path = Path(environment["PERSCAN_SMS_SECRET_PATH"])
    made = CliRunner().invoke(cli, ["sms", "secret"], env=environment)
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_text()
    assert not any(value in made.output for name, value in json.loads(content).items() if name != "version" and value)
    again = CliRunner().invoke(cli, ["sms", "secret", "--show"], env=environment)
    assert (path.read_text(), again.exit_code) == (content, 0)
    assert SmsSecrets.load(path).webhook in again.output


def test_a_pin_is_set_without_touching_secrets_and_may_be_tried_again(environment: dict[str, str]) -> None:
    path = Path(environment["PERSCAN_SMS_SECRET_PATH"])
    CliRunner().invoke(cli, ["sms", "secret"], env=environment)
    before = SmsSecrets.load(path)
    pin = SimPin("1111", path.with_name(REFUSED_PIN_FILE))
    assert pin.to_give("8986") == "1111"
    with pytest.raises(SmsPlatformUnreachable, match="refused"):
        pin.to_give("8986")
    done = CliRunner().invoke(cli, ["sms", "secret", "--sim-pin"], input="1111\n", env=environment)
    assert (done.exit_code, "another PIN" in done.output, "1111" in done.output) == (0, True, False)
    assert SmsSecrets.load(path) == replace(before, sim_pin="1111")
    assert pin.to_give("8986") == "1111"


@pytest.mark.parametrize("wrong", ["", "123", "123456789", "12a4", '1234"', "１２３４"])
def test_what_is_no_pin_is_not_given(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SmsPlatformUnreachable, match="asks for its PIN"):
        SimPin(wrong, tmp_path / "refused.json").to_give("8986")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "refused": [{}]}', b"\xff"])
def test_where_nobody_knows_what_was_refused_no_pin_is_given(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "refused.json"
    private_file.write_new(path, content)
    with pytest.raises(SmsPlatformUnreachable, match="no PIN is tried"):
        SimPin("1234", path).to_give("8986")
    path.unlink()
    path.mkdir()
    with pytest.raises(SmsPlatformUnreachable, match="no PIN is tried"):
        SimPin("1234", path).to_give("8986")


def test_a_try_is_written_down_before_it_is_made_and_struck_out_when_it_was_right(tmp_path: Path) -> None:
    path = tmp_path / "refused.json"
    SimPin("1234", path).to_give("8986")
    assert b"1234" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for iccid in ("8986", ""):  # where the modem does not tell which SIM it is, it may be that one
        with pytest.raises(SmsPlatformUnreachable, match="refused"):
            SimPin("1234", path).to_give(iccid)
    SimPin("1234", path).to_give("8986999")  # another SIM
    SimPin("1234", path).accepted("8986")
    assert SimPin("1234", path).to_give("8986") == "1234"


def test_the_right_pin_of_one_sim_leaves_what_others_refused(tmp_path: Path) -> None:
    path = tmp_path / "refused.json"
    SimPin("1234", path).to_give("8986")
    SimPin("5678", path).to_give("8986")
    SimPin("1234", path).to_give("8987")
    SimPin("1234", path).accepted("8987")
    for pin in ("1234", "5678"):
        with pytest.raises(SmsPlatformUnreachable, match="refused"):
            SimPin(pin, path).to_give("8986")
    assert SimPin("5678", path).to_give("8987") == "5678"


def test_a_pin_that_an_unnamed_sim_refused_may_be_any_sims(tmp_path: Path) -> None:
    path = tmp_path / "refused.json"
    SimPin("1234", path).to_give("")
    with pytest.raises(SmsPlatformUnreachable, match="refused"):
        SimPin("1234", path).to_give("8986")


def test_so_many_refusals_are_kept_and_the_file_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "refused.json"
    for number in range(KEPT + 1):
        SimPin("1234", path).to_give(f"{number}")
    with pytest.raises(SmsPlatformUnreachable, match="refused"):
        SimPin("1234", path).to_give(f"{KEPT}")
    assert SimPin("1234", path).to_give("0") == "1234"


def test_secrets_that_became_known_are_replaced(environment: dict[str, str]) -> None:
    path = Path(environment["PERSCAN_SMS_SECRET_PATH"])
    missing = CliRunner().invoke(cli, ["sms", "secret", "--renew"], env=environment)
    assert (missing.exit_code, "sms_secret_unusable" in missing.output) == (1, True)
    CliRunner().invoke(cli, ["sms", "secret", "--sim-pin"], input="4711\n", env=environment)
    old = SmsSecrets.load(path)
    assert CliRunner().invoke(cli, ["sms", "secret", "--renew"], env=environment).exit_code == 0
    new = SmsSecrets.load(path)
    assert not {old.webhook, old.kannel_in, old.kannel_out, old.delivery} & {new.webhook, new.kannel_in, new.kannel_out}
    assert (new.sim_pin, stat.S_IMODE(path.stat().st_mode)) == ("4711", 0o600)


def test_kannels_part_is_written_privately_and_never_over_another(environment: dict[str, str], tmp_path: Path) -> None:
    CliRunner().invoke(cli, ["sms", "secret"], env=environment)
    path = tmp_path / "perscan-kannel.conf"
    done = CliRunner().invoke(cli, ["sms", "kannel-config", str(path)], env=environment)
    assert done.exit_code == 0, done.output
    secrets = SmsSecrets.load(Path(environment["PERSCAN_SMS_SECRET_PATH"]))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets.kannel_out in path.read_text()
    assert secrets.kannel_in not in done.output
    again = CliRunner().invoke(cli, ["sms", "kannel-config", str(path)], env=environment)
    assert (again.exit_code, "already_exists" in again.output) == (1, True)


def test_exposed_damaged_and_missing_secrets_stop_the_back_office(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "sms.json"
    wanted = settings.model_copy(update={"sms_platform": "webhook", "sms_secret_path": path})
    with pytest.raises(SmsSecretError, match="perscan sms secret"):
        create_app(wanted)
    SmsSecrets.fresh().write(path)
    path.chmod(0o640)
    with pytest.raises(SmsSecretExposed):
        create_app(wanted)
    path.chmod(0o600)
    good = path.read_text()
    for bad in (
        "",
        "[]",
        "{}",
        good.replace('"version": 1', '"version": 2'),
        good.replace("webhook", "x"),
        '{"version":1}',
    ):
        path.write_text(bad)
        with pytest.raises(SmsSecretError):
            create_app(wanted)
    path.write_text(json.dumps(json.loads(good) | {"webhook": "short"}))
    with pytest.raises(SmsSecretError, match="too short"):
        create_app(wanted)


def test_a_modem_needs_a_port(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "sms.json"
    SmsSecrets.fresh().write(path)
    with pytest.raises(SettingsError, match="PERSCAN_SMS_MODEM_PORT"):
        create_app(settings.model_copy(update={"sms_platform": "modem", "sms_secret_path": path}))
