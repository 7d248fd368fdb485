"""What a chat costs a browser that has never been here: `python bench/chat_page.py`.

Chromium opens a chat in a new profile, from AhFai as `make run` starts it. Prints a table.
"""

import os
import statistics
import sys
from pathlib import Path

import django
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "ahfai.tests.settings"
django.setup()

from ahfai.tests.house import Browser, House  # noqa: E402
from ahfai.tests.test_browser import CHROMIUM  # noqa: E402
from ahfai.tests.test_chat_page_weight import open_in_a_new_profile  # noqa: E402
from chats.tests.conftest import wait_until  # noqa: E402
from chats.tests.fake_ollama import FakeOllama  # noqa: E402

TIMES = 7


def main() -> None:
    with FakeOllama() as ollama, House(OLLAMA_URL=ollama.url) as house, sync_playwright() as driver:
        ada = Browser(house.url)
        ada.sign_up()
        path = ada.post("/chats/start", "/", {"text": "Hello?"}).url
        wait_until(lambda: "Hello</p>" in ada.session.get(path).text)
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = [open_in_a_new_profile(chromium, (ada, path)) for _ in range(TIMES)]
        chromium.close()
    requests, sizes, typed = zip(*opened, strict=True)
    print("| a chat in a new profile | median | most |")
    print("|---|---|---|")
    print(f"| requests | {statistics.median(requests):.0f} | {max(requests)} |")
    kilobytes = [size / 1000 for size in sizes]
    print(f"| kB on the wire | {statistics.median(kilobytes):.1f} | {max(kilobytes):.1f} |")
    print(f"| until a letter is typed | {statistics.median(typed):.2f} s | {max(typed):.2f} s |")


if __name__ == "__main__":
    main()
