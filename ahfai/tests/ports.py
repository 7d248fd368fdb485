"""Ports of loopback for servers in processes of their own, and for those that go and come back."""

import secrets
import socket

# Below those that systems give to whoever asks for any or calls somebody (32768 on in Linux, 49152
# on elsewhere), so that nobody is given one between the look here and the server's start.
FIRST, AFTER_LAST = 20_000, 32_768


def free_port() -> int:
    while True:
        port = FIRST + secrets.randbelow(AFTER_LAST - FIRST)
        with socket.socket() as probe:
            # What a server before has left behind doesn't hinder the next one.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
