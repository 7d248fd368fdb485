"""How long until the page hears of an answer: `python bench/first_word.py`.

A fake Ollama, in a process of its own, answers at once. It is asked in turns by a bare `requests`
client and by AhFai, started as `make run` starts it; the difference is what AhFai adds: sign-in,
both rows stored, the place in the line, sealing, the way to the page. Prints a table.
"""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ahfai.tests.house import Browser, House  # noqa: E402

TIMES = 60
MODEL = "llama3.1:8b"


def main() -> None:
    command = ["-m", "chats.tests.fake_ollama", "--port", "0", "--scenario", "plain"]
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as ollama:
        try:
            url = ollama.stdout.readline().strip()
            with House(OLLAMA_URL=url) as house:
                bare, first, word = measure(url, house)
        finally:
            ollama.terminate()
    print("| from the question to | median | 95 % within |")
    print("|---|---|---|")
    for name, taken in {
        "the first token, by a bare client (baseline)": bare,
        "the first event, through AhFai": first,
        "the first token, through AhFai": word,
    }.items():
        within = sorted(taken)[round(len(taken) * 0.95) - 1]
        print(f"| {name} | {statistics.median(taken) * 1e3:.1f} ms | {within * 1e3:.1f} ms |")


def measure(url: str, house: House) -> tuple[list[float], list[float], list[float]]:
    """Seconds: a bare client to the first token; AhFai's page to its first event and token."""
    bare, first, word = [], [], []
    straight = requests.Session()
    ada = Browser(house.url)
    ada.sign_up()
    for number in range(TIMES + 5):
        chat = start_chat(ada)
        asked = time.perf_counter()
        answer = straight.post(
            f"{url}/api/chat",
            json={"model": MODEL, "messages": [{"role": "user", "content": "Hello?"}]},
            stream=True,
        )
        lines = answer.iter_lines(chunk_size=1)
        seen = [wait_for(lines, lambda line: b'"content":"Hel"' in line) - asked]
        list(lines)
        page = ada.get(chat).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        asked = time.perf_counter()
        answer = ada.session.post(
            f"{house.url}{chat}ask",
            data={"text": "Hello?", "csrfmiddlewaretoken": token},
            headers={"Accept": "text/event-stream", "Referer": house.url + chat},
            stream=True,
            timeout=20,
        )
        lines = answer.iter_lines(chunk_size=1)
        seen.append(wait_for(lines, lambda line: line.startswith(b"event: ")) - asked)
        seen.append(wait_for(lines, lambda line: b'"text": "Hel' in line) - asked)
        list(lines)
        if number >= 5:
            # The first few warm both sides up.
            for taken, seconds in zip((bare, first, word), seen, strict=True):
                taken.append(seconds)
    return bare, first, word


def start_chat(ada: Browser) -> str:
    """The path of a new chat whose first question is answered."""
    path = ada.post("/chats/start", "/", {"text": "Hello?"}).url.removeprefix(ada.url)
    while "Hello</p>" not in ada.get(path).text:
        time.sleep(0.05)
    return path


def wait_for(lines, wanted: Callable[[bytes], bool]) -> float:
    """The moment when the first wanted line was there."""
    for line in lines:
        if wanted(line):
            return time.perf_counter()
    raise SystemExit("The answer ended before it said what was waited for.")


if __name__ == "__main__":
    main()
