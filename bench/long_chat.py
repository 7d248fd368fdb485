"""The page of a chat with 1,000 messages, beside one of 30 messages in the same run."""

import itertools
import json
import statistics
import time

from scratch import scratch

MESSAGE = """Here is **how** one does it, in three steps:

1. Open the file and read its lines.
2. Count the words of each line.

```python
def words(path):
    with open(path) as file:
        return [len(line.split()) for line in file]
```

And that is all there is to it, as far as this machine is concerned."""


def main() -> None:
    with scratch():
        print(json.dumps(measure(), indent=1))


def measure() -> dict[str, float]:
    """Milliseconds on the server: medians of 20 openings, after three that don't count."""
    from django.test import Client, override_settings

    from accounts.models import User

    ada = User.objects.create_user("ada@example.org", "x" * 12, name="Ada")
    client = Client()
    client.force_login(ada)
    found = {}
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for messages in (30, 1000):
            chat = talk(ada, messages)
            times = []
            for _opening in range(23):
                began = time.perf_counter()
                assert client.get(chat.get_absolute_url()).status_code == 200
                times.append((time.perf_counter() - began) * 1000)
            found[f"{messages} messages, median ms"] = round(statistics.median(times[3:]), 1)
            found[f"{messages} messages, slowest ms"] = round(max(times[3:]), 1)
    return found


def talk(owner, messages: int):
    from django.utils import timezone

    from chats.models import Chat, Message

    chat = Chat.objects.create(owner=owner, title="A long talk", model="m")
    rows: list[Message] = []
    roles = itertools.cycle(["user", "assistant"])
    for role in itertools.islice(roles, messages):
        parent = rows[-1] if rows else None
        closed = timezone.now() if role == "assistant" else None
        rows.append(
            Message(
                owner=owner, chat=chat, parent=parent, role=role, content=MESSAGE, closed=closed
            )
        )
    Message.objects.bulk_create(rows)
    return chat


if __name__ == "__main__":
    main()
