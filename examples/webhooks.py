"""Receive webhooks: run it with `central-server dev -- python examples/webhooks.py`.

It serves a receiver on this machine, which a development server calls, makes an endpoint for it, and shows what comes.
Against another server set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION, and `receiver_url` to where it reaches you.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from central.events.registry import AnyEvent
from central_client import Central, WebhookVerificationError, webhooks

PATIENCE = 60


class Receiver:
    """What an integrator runs: it verifies what comes, and keeps the events by their ids."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.events: dict[str, AnyEvent] = {}
        self.is_broken = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def receive(self, body: bytes, headers: dict[str, str]) -> int:
        """Give the status to answer with."""
        if self.is_broken:
            return 503
        try:
            event = webhooks.verify(body, headers, self.secrets)
        except WebhookVerificationError as error:
            print(f"   refused: {error.code}")
            return 400
        if event.id not in self.events:  # it may come twice
            print(f"   received {event.kind}")
            self.events[event.id] = event
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receive = self.receive

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receive(body, dict(self.headers)))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing of each request."""

        return Handler


def wait_for(what: str, is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come within {PATIENCE} seconds")
        time.sleep(0.1)


def main() -> None:
    """Make an endpoint, try it, change its secret, and see what a broken receiver missed."""
    receiver = Receiver()
    threading.Thread(target=receiver.server.serve_forever, daemon=True).start()
    receiver_url = f"http://127.0.0.1:{receiver.server.server_port}/central"
    with Central() as client:
        begun = datetime.now(UTC)
        print("1. An endpoint for what happens to users")
        made = client.webhooks.create_endpoint(url=receiver_url, kinds=["user.created"], description="Example")
        receiver.secrets = [made.secret]
        endpoint = made.endpoint.id
        print("2. Try it")
        ping = client.webhooks.ping(endpoint=endpoint)
        wait_for("the ping", lambda: ping.event_id in receiver.events)
        print("3. Change the secret: for a day both are good")
        receiver.secrets.append(client.webhooks.rotate_secret(endpoint=endpoint).secret)
        second = client.webhooks.ping(endpoint=endpoint)
        wait_for("the second ping", lambda: second.event_id in receiver.events)
        print("4. A receiver that is broken misses something")
        receiver.is_broken = True
        missed = client.webhooks.ping(endpoint=endpoint)
        wait_for("the failure", lambda: client.webhooks.get_delivery(delivery=missed.id).last_status == 503)
        receiver.is_broken = False
        wait_for("the delivery", lambda: _send_again(client, missed.id))
        print("5. What became of each")
        wait_for("the record", lambda: client.webhooks.get_delivery(delivery=missed.id).state == "delivered")
        for attempt in client.webhooks.get_delivery(delivery=missed.id).attempts:
            print(f"   attempt {attempt.number}: status {attempt.status}")
        failed = client.webhooks.redeliver_failed(endpoint=endpoint, since=begun - timedelta(hours=1))
        print(f"   {failed.redelivered} have failed")
        client.webhooks.delete_endpoint(endpoint=endpoint)
    receiver.server.shutdown()
    print("Done.")


def _send_again(client: Central, delivery: str) -> bool:
    """Have a delivery sent now, unless it is on its way or was taken."""
    state = client.webhooks.get_delivery(delivery=delivery).state
    if state == "waiting":
        client.webhooks.redeliver(delivery=delivery)
    return state == "delivered"


if __name__ == "__main__":
    main()
