"""Stopping and restarting while people come: nobody who got in is sent away without an answer."""

import os
import signal
import socket
import threading
import time
from collections import Counter

import pytest
import requests

from ahfai.tests.house import House
from chats.tests.conftest import wait_until

pytestmark = pytest.mark.same_everywhere


class Visitors:
    """They come one after the other, each with a connection of their own."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.over = threading.Event()
        self.seen: Counter[str] = Counter()
        self.threads = [threading.Thread(target=self._come) for _ in range(2)]

    def __enter__(self) -> "Visitors":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _come(self) -> None:
        while not self.over.is_set():
            self.seen[self._answer()] += 1
            time.sleep(0.02)

    def _answer(self) -> str:
        try:
            with socket.create_connection(("127.0.0.1", self.house.port), timeout=30) as asked:
                asked.sendall(
                    b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                return asked.recv(64).split(b"\r\n")[0].decode() or "no answer"
        except ConnectionRefusedError:
            # A proxy would ask the next replica, also with a form.
            return "refused"
        except OSError as error:
            return type(error).__name__


def test_who_stands_at_the_door_is_let_in_and_then_nobody_finds_one():
    with House(LAME_DUCK_S="60", WEB_PROCESSES="2") as house, Visitors(house) as visitors:
        with requests.Session() as kept:
            assert kept.get(house.url + "/health").headers["Connection"] == "keep-alive"
            house.process.send_signal(signal.SIGTERM)
            wait_until(lambda: ready(house).startswith("503 process: it is about to end"))
            # All else goes on for a while, without promises for later.
            assert visitors.seen["refused"] == 0
            leaving = wait_until(lambda: (answer := kept.get(house.url + "/health")).ok and answer)
            assert leaving.headers["Connection"] == "close"
        # Another signal cuts that short.
        house.process.send_signal(signal.SIGTERM)
        house.process.wait(20)
        wait_until(lambda: visitors.seen["refused"] > 20)
    assert set(visitors.seen) == {"HTTP/1.1 200 OK", "refused"}, visitors.seen


def test_one_process_after_the_other_can_be_replaced():
    with House(WEB_PROCESSES="2") as house, Visitors(house) as visitors:
        for old in house.web_pids():
            os.kill(old, signal.SIGTERM)
            wait_until(lambda old=old: old not in house.web_pids(), 20)
            wait_until(lambda: len(house.web_pids()) == 2, 20)
    assert set(visitors.seen) == {"HTTP/1.1 200 OK"}, visitors.seen


def test_with_a_socket_of_systemds_a_restart_refuses_nobody():
    door = socket.create_server(("127.0.0.1", 0), backlog=128)
    with door, House(door) as house, Visitors(house) as visitors:
        house.stop()
        # They wait at the door meanwhile.
        house.start()
        wait_until(lambda: visitors.seen["HTTP/1.1 200 OK"] > 20)
    assert set(visitors.seen) == {"HTTP/1.1 200 OK"}, visitors.seen


def ready(house: House) -> str:
    answer = requests.get(house.url + "/ready", timeout=20)
    return f"{answer.status_code} {answer.text}"
