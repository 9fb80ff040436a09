"""The issuing desk as tests drive it: over HTTP, with cards put on make-believe readers."""

import itertools
import time
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.fake_device import FakeDevice

MASTER_PIN = "314159"
ISSUER_PIN = "271828"
SETTLE_S = 10.0


class Shop:
    """Everything on the desk. `post` and `get` assert the status that is expected."""

    def __init__(self, app: FastAPI, client: TestClient, devices: list[FakeDevice]) -> None:
        self.app, self.client = app, client
        self._devices = devices
        self._uids = itertools.count(1)
        self.master_issuer, self.master_issuer_id = self.plug_in("master_issuer")
        self.child_issuer, self.child_issuer_id = self.plug_in("child_issuer")
        self.master = self.blank()
        self.white = self.blank()
        self.batch = self.blank()
        self.machine_id = self.white_id = self.batch_id = 0

    def plug_in(self, role: str, name: str = "") -> tuple[FakeDevice, int]:
        device = FakeDevice(unique_id=f"aa{len(self._devices):02d}")
        self._devices.append(device)
        wanted = {"name": name or f"{role} {len(self._devices)}", "url": device.url, "role": role}
        device_id: int = self.post("/devices", 201, **wanted)["id"]
        return device, device_id

    def blank(self, medium: str = "classic1k") -> FakeCard:
        return FakeCard(uid=b"\x04" + next(self._uids).to_bytes(3, "big"), medium=medium)

    def blanks(self, count: int) -> list[FakeCard]:
        return [self.blank() for _ in range(count)]

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def refused(self, path: str, code: str, **body: Any) -> dict[str, Any]:
        """The error's detail."""
        answer = self.client.post(f"/api/v1{path}", json=body)
        error = answer.json().get("error", answer.json())
        assert error.get("code") == code, answer.text
        detail: dict[str, Any] = error["detail"]
        return detail

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make_master(self) -> dict[str, Any]:
        self.master_issuer.show(self.master)
        made: dict[str, Any] = self.post(
            "/authority/master", 201, device_id=self.master_issuer_id, pin=MASTER_PIN, accept_weak_medium=True
        )
        return made

    def open_authority(self) -> None:
        self.master_issuer.show(self.master)
        self.post("/authority/session", 201, device_id=self.master_issuer_id, pin=MASTER_PIN)

    def provision(self, device: FakeDevice, role: str, institution_id: int | None = None) -> int:
        body = {"role": role, "name": f"{role} {device.unique_id}", "institution_id": institution_id}
        machine_id: int = self.post("/machines", 201, **body)["id"]
        device.show(self.master)
        self.post("/authority/provision", device_id=self.device_id(device), machine_id=machine_id)
        return machine_id

    def device_id(self, device: FakeDevice) -> int:
        found: int = next(item["id"] for item in self.get("/devices")["items"] if item["url"] == device.url)
        return found

    def make_machine(self) -> tuple[FakeDevice, int]:
        institution = self.post("/institutions", 201, code=700, name="Eye Clinic")
        device, _ = self.plug_in("swipe")
        self.machine_id = self.provision(device, "swipe", institution["id"])
        return device, self.machine_id

    def make_white(self, quota: int) -> dict[str, Any]:
        self.master_issuer.show(self.white)
        job = self.order_white(1, quota)
        self.finished(job["id"])
        self.white_id = self.get("/issuing/white")["items"][0]["id"]
        return job

    def order_white(self, count: int, quota: int) -> dict[str, Any]:
        job: dict[str, Any] = self.post(
            "/issuing/white",
            202,
            device_id=self.master_issuer_id,
            count=count,
            quota=quota,
            issuer_pin=ISSUER_PIN,
        )
        return job

    def make_batch(self, count: int) -> dict[str, Any]:
        self.child_issuer.show(self.white, self.batch)
        job = self.order_batch(count)
        self.batch_id = job["batch_id"]
        return self.finished(job["id"])

    def order_batch(self, count: int, pin: str = ISSUER_PIN) -> dict[str, Any]:
        wish = {"white_id": self.white_id, "machine_id": self.machine_id, "count": count}
        seen = self.post("/issuing/batch/preview", **wish)
        job: dict[str, Any] = self.post(
            "/issuing/batch",
            202,
            **wish,
            device_id=self.child_issuer_id,
            pin=pin,
            confirmation=seen["confirmation"],
        )
        return job

    def order_one_time(self, pin: str = ISSUER_PIN) -> int:
        job_id: int = self.post(
            "/issuing/one-time", 202, device_id=self.child_issuer_id, batch_id=self.batch_id, pin=pin
        )["id"]
        return job_id

    def resume(self, job_id: int, pin: str = ISSUER_PIN, status: int = 202) -> None:
        self.post(f"/issuing/jobs/{job_id}/resume", status, pin=pin)

    def finished(self, job_id: int, state: str = "done") -> dict[str, Any]:
        """The job once it has stopped working."""
        running = self.app.state.workshop.jobs.get(job_id)
        assert running is None or running.ended.wait(SETTLE_S), self.get(f"/issuing/jobs/{job_id}")
        job: dict[str, Any] = self.get(f"/issuing/jobs/{job_id}")
        assert job["state"] == state, job
        return job

    def wait_until(self, job_id: int, wanted: Any) -> dict[str, Any]:
        """The job once it is as wanted."""
        give_up_at_s = time.monotonic() + SETTLE_S
        while True:
            job: dict[str, Any] = self.get(f"/issuing/jobs/{job_id}")
            if wanted(job):
                return job
            assert time.monotonic() < give_up_at_s, job
