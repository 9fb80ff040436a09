"""A make-believe device for tests: real host link over a loopback socket, real protocol records, no radio."""

import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, Queue
from threading import Condition, Thread
from typing import Any

from protocol import chain, hostlink, p256, records
from protocol.classic import PUBLIC_READ_KEY, STORE_BYTES
from protocol.errors import ProtocolError
from protocol.provisioning import ProvisioningMessage, signed_body
from protocol.records import BatchRecord, MasterRecord, OneTimeRecord, WhiteRecord

from tests.host.backoffice.issuing.fake_card import FakeCard

Answer = dict[str, Any]
KINDS = {"master": records.MASTER, "white": records.WHITE, "batch": records.BATCH, "one_time": records.ONE_TIME}


class Refusal(Exception):
    def __init__(self, reason: str, **data: Any) -> None:
        super().__init__(reason)
        self.reason, self.data = reason, data


class FakeDevice:
    """Cards in `box` are shown one after the other, one for each wait. `on_call` sees every method first."""

    def __init__(self, unique_id: str = "aa01") -> None:
        self.unique_id = unique_id
        self.role: str | None = None
        self.machine_id = self.epoch = self.institution = 0
        self.authority: bytes | None = None
        self.box: deque[FakeCard] = deque()
        self.field: FakeCard | None = None
        self.calls: list[str] = []
        self.on_call: Callable[[str], None] = lambda _method: None
        self.settings: dict[str, Any] = {}
        self._nonce = b""
        self._candidate: bytes | None = None
        self._wanted: tuple[str, int, int] = ("", 0, 0)
        self._batches: dict[int, BatchRecord] = {}
        self._boxed = Condition()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._connection: socket.socket | None = None
        self._open = True
        Thread(target=self._accept, daemon=True).start()

    def show(self, *cards: FakeCard) -> None:
        with self._boxed:
            self.box.extend(cards)
            self._boxed.notify_all()

    def restart(self) -> None:
        """Power off and on: the batch cards it has read are forgotten."""
        self._batches.clear()
        self.field = None

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self._server.close()

    def _accept(self) -> None:
        while self._open:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connection = connection
            lines: Queue[bytes | None] = Queue()
            Thread(target=self._read, args=(connection, lines), daemon=True).start()
            self._serve(connection, lines)
            connection.close()

    def _read(self, connection: socket.socket, lines: "Queue[bytes | None]") -> None:
        try:
            with connection.makefile("rb") as file:
                for line in file:
                    lines.put(line)
        except (OSError, ValueError):
            pass
        lines.put(None)
        with self._boxed:
            self._boxed.notify_all()

    def _serve(self, connection: socket.socket, lines: "Queue[bytes | None]") -> None:
        while (line := lines.get()) is not None:
            if not line.strip():
                continue
            number, method, params = hostlink.read_request(hostlink.decode(line))
            self.calls.append(method)
            try:
                self.on_call(method)
                answer: dict[str, Any] = hostlink.result(number, self._handle(method, params, lines, connection))
            except Refusal as refusal:
                answer = hostlink.failure(
                    number, hostlink.REFUSED, refusal.reason, f"refused: {refusal.reason}", refusal.data
                )
            except ProtocolError as error:
                answer = hostlink.failure(number, hostlink.REFUSED, "not_in_chain", str(error))
            try:
                connection.sendall(hostlink.encode(answer))
            except OSError:
                return

    def _handle(self, method: str, params: Answer, lines: "Queue[bytes | None]", connection: socket.socket) -> Answer:
        if method == "card.wait":
            return self._wait(int(params["timeout_ms"]), lines, connection)
        handler: Callable[[Answer], Answer] = {
            "hello": self._hello,
            "status": lambda _: {"uptime_ms": 1, "reader": {"healthy": True}},
            "provision.bootstrap": self._bootstrap,
            "provision.begin": self._begin,
            "provision.master": self._master,
            "provision.commit": self._commit,
            "card.read": self._card_read,
            "card.write": self._card_write,
            "card.draw": self._card_draw,
            "card.erase": self._card_erase,
            "card.cancel": lambda _: {},
            "service.read": lambda params: {"content": self._service_card(params).store.hex()},
            "service.write": self._service_write,
            "service.format": self._service_format,
        }[method]
        return handler(params)

    def _wait(self, timeout_ms: int, lines: "Queue[bytes | None]", connection: socket.socket) -> Answer:
        deadline_s = time.monotonic() + timeout_ms / 1000
        while not self.box:
            if time.monotonic() > deadline_s:
                raise Refusal("timeout")
            try:
                line = lines.get(timeout=0.01)
            except Empty:
                continue
            if line is None:
                raise Refusal("cancelled")
            if line.strip():
                number, _, _ = hostlink.read_request(hostlink.decode(line))
                connection.sendall(hostlink.encode(hostlink.result(number, {})))
                raise Refusal("cancelled")
        card = self.field = self.box.popleft()
        return {"uid": card.uid.hex(), "medium": card.medium, "kind": card.kind, "header": card.header.hex()}

    def _hello(self, _: Answer) -> Answer:
        return {
            "device": "perscan",
            "role": self.role,
            "machine_id": self.machine_id,
            "epoch": self.epoch,
            "institution": self.institution,
            "firmware": "0.1.0",
            "protocol": 1,
            "authority": self.authority.hex() if self.authority else None,
            "unique_id": self.unique_id,
        }

    def _bootstrap(self, params: Answer) -> Answer:
        if self.role is not None:
            raise Refusal("wrong_role")
        self.role = params["role"]
        return {}

    def _begin(self, params: Answer) -> Answer:
        self._nonce = secrets.token_bytes(16)
        self._wanted = (params["role"], params["machine_id"], params["epoch"])
        return {"nonce": self._nonce.hex()}

    def _master(self, params: Answer) -> Answer:
        record = MasterRecord.decode(self._readable(params, "master").record)
        if self.authority not in (None, record.authority_key):
            raise Refusal("second_master")
        self._candidate = record.authority_key
        return {"record": record.encode().hex()}

    def _commit(self, params: Answer) -> Answer:
        data = bytes.fromhex(params["message"])
        message = ProvisioningMessage.decode(data)
        if self._candidate is None or message.nonce != self._nonce:
            raise Refusal("not_in_chain")
        p256.verify(self._candidate, signed_body(data), bytes.fromhex(params["signature"]))
        if (message.role, message.machine_id, message.epoch) != self._wanted:
            raise Refusal("other_machine")
        self.role, self.machine_id, self.epoch = self._wanted
        self.institution, self.settings = message.institution, message.settings
        self.authority, self._nonce = self._candidate, b""
        return {"machine_id": self.machine_id}

    def _card_read(self, params: Answer) -> Answer:
        card = self._readable(params, params["kind"])
        if card.kind == "batch":
            record = BatchRecord.decode(card.record)
            self._batches[record.batch.batch_id] = record
        return {"record": card.record.hex()}

    def _card_write(self, params: Answer) -> Answer:
        card = self._present(params)
        kind, record = params["kind"], bytes.fromhex(params["record"])
        self._check_chain(kind, record)
        reason = card.write(kind, record, bytes.fromhex(params["read_key"]), bytes.fromhex(params["write_key"]))
        if reason is not None:
            raise Refusal(reason)
        return {"uid": params["uid"], "blocks": 3, "retries": 0}

    def _check_chain(self, kind: str, record: bytes) -> None:
        if kind == "master":
            self.authority = self.authority or MasterRecord.decode(record).authority_key
        elif self.authority is None:
            raise Refusal("not_provisioned")
        elif kind == "white":
            chain.verify_white(WhiteRecord.decode(record).certificate, self.authority, None)
        elif kind == "batch":
            batch = BatchRecord.decode(record)
            chain.check_batch(batch.white, batch.batch, None)
            chain.verify_links(batch, self.authority)
        else:
            one_time = OneTimeRecord.decode(record)
            if one_time.batch_id not in self._batches:
                raise Refusal("not_in_chain")
            if not chain.credit_in_batch(self._batches[one_time.batch_id].batch, one_time.credit):
                raise Refusal("out_of_range")

    def _card_draw(self, params: Answer) -> Answer:
        card = self._readable(params, "white")
        if params["write_key"] != card.write_key.hex():
            raise Refusal("forged")
        if params["next_credit"] == 0:
            return {"next_credit": card.next_credit}
        if params["next_credit"] < card.next_credit:
            raise Refusal("out_of_range", next_credit=card.next_credit)
        card.next_credit = params["next_credit"]
        return {"next_credit": card.next_credit}

    def _card_erase(self, params: Answer) -> Answer:
        if not self._present(params).erase(bytes.fromhex(params["write_key"])):
            raise Refusal("forged")
        return {"uid": params["uid"]}

    def _service_write(self, params: Answer) -> Answer:
        card = self._service_card(params)
        card.writes += 1
        content = bytes.fromhex(params["content"])
        if card.mishaps:  # taken away half-way: units are written from the last to the first
            half = len(content) // 32 * 16
            card.store = card.store[:half] + content[half:]
            raise Refusal(card.mishaps.pop(0))
        card.store = content
        return {"bytes": len(content)}

    def _service_format(self, params: Answer) -> Answer:
        card = self._present(params)
        if card.kind not in ("blank", "torn", "service"):
            raise Refusal("wrong_card")
        card.kind, card.store = "service", bytes(STORE_BYTES)
        return {"bytes": STORE_BYTES}

    def _service_card(self, params: Answer) -> FakeCard:
        card = self._present(params)
        if card.kind != "service":
            raise Refusal("wrong_card")
        return card

    def _readable(self, params: Answer, kind: str) -> FakeCard:
        card = self._present(params)
        public = card.kind == "one_time" and params["read_key"] == PUBLIC_READ_KEY.hex()
        if card.kind != kind:
            raise Refusal("wrong_card")
        if params["read_key"] != card.read_key.hex() and not public:
            raise Refusal("forged")
        return card

    def _present(self, params: Answer) -> FakeCard:
        if self.field is None or self.field.uid.hex() != params["uid"]:
            raise Refusal("wrong_card")
        return self.field
