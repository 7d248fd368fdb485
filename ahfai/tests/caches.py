"""A server of Redis or Valkey that a test may stop and start again."""

import os
import shutil
import socket
import subprocess
import time

from ahfai.processes import end_with_parent
from ahfai.tests.lacking import skip_or_fail
from ahfai.tests.ports import free_port


class CacheServer:
    def __init__(self) -> None:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            skip_or_fail("Neither Valkey nor Redis is installed here.")
        self.program = found
        self.port = free_port()
        self.url = f"valkey://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        parent = os.getpid()
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(parent),
        )
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < end, "it doesn't start"
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
