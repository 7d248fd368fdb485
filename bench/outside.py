"""How many messages one worker sends in a second: `python bench/outside.py`.

Prints a table: what is waiting for a webhook goes out to a server in a process of its own, one that
answers at once and one that takes a while. The baseline is a bare loop that posts as many and
commits one row for each.
"""

import argparse
import http.client
import json
import multiprocessing
import socket
import sqlite3
import tempfile
import threading
import time
from multiprocessing.connection import Connection

from scratch import scratch

SLOW_S = 0.2
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--messages", type=int, default=500)
    count = wanted.parse_args().messages
    with scratch():
        print(f"| {count:,} messages, answered | sent in a second | to hold | baseline |")
        print("|---|---|---|---|")
        for said, wait_s, limit in (("at once", 0, "100"), (f"after {SLOW_S} s", SLOW_S, "")):
            port = start(wait_s)
            took = send(count, port)
            baseline = f"{count / bare(count, port):,.0f}, a bare loop" if not wait_s else ""
            print(f"| {said} | {count / took:,.0f} | {limit} | {baseline} |")


def start(wait_s: float) -> int:
    """A server that ends with this process. Returns its port."""
    here, there = multiprocessing.Pipe()
    multiprocessing.Process(target=serve, args=(wait_s, there), daemon=True).start()
    return here.recv()


def serve(wait_s: float, port: Connection) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port.send(listener.getsockname()[1])

    def answer(connection: socket.socket) -> None:
        with connection:
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            while len(body) < length:
                body += connection.recv(65536)
            time.sleep(wait_s)
            connection.sendall(ANSWER)

    while True:
        threading.Thread(target=answer, args=listener.accept()[:1]).start()


def send(count: int, port: int) -> float:
    """Seconds from the first claim to the last acknowledgement."""
    from django.conf import settings
    from django.utils import timezone

    from ahfai.courier import Courier
    from ahfai.signing import new_secret
    from ahfai.testing import make_person
    from reminders import delivering
    from reminders.models import Channel, Delivery, Reminder

    settings.NOTIFY_ALLOW = frozenset({f"127.0.0.1:{port}"})
    owner, now = make_person(), timezone.now()
    target = json.dumps({"address": f"http://127.0.0.1:{port}/", "secret": new_secret()})
    channel = Channel.objects.create(owner=owner, kind="webhook", name="n", target=target)
    reminders = Reminder.objects.bulk_create(
        Reminder(owner=owner, title="Water the plants", day=now.date(), due=now)
        for _ in range(count)
    )
    Delivery.objects.bulk_create(
        Delivery(
            owner=owner, reminder=one, channel=channel, occurrence_at=now, made=now, next_try_at=now
        )
        for one in reminders
    )
    began = time.perf_counter()
    with Courier(delivering):
        while Delivery.objects.filter(channel=channel, state="waiting").exists():
            time.sleep(0.1)
        took = time.perf_counter() - began
    assert Delivery.objects.filter(channel=channel, state="sent").count() == count
    return took


def bare(count: int, port: int) -> float:
    """Seconds."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(f"{folder}/bare.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, state TEXT)")
        database.executemany(
            "INSERT INTO messages VALUES (?, 'waiting')", ((number,) for number in range(count))
        )
        began = time.perf_counter()
        for number in range(count):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("POST", "/", b"You have a reminder")
            assert connection.getresponse().status == 200
            connection.close()
            database.execute("UPDATE messages SET state = 'sent' WHERE id = ?", [number])
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
