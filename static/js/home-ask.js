// Starts a chat and goes there; whatever is in the way, the words stay in the box.
import { arrived, composer, explain, hush, isEmpty, send, setBusy } from "./message.js";
import { Refused } from "./post.js";

let sending = false;

composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending || isEmpty()) return;
  setSending(true);
  hush();
  try {
    const chat = await send();
    if (!chat.redirected) throw new Refused("failed");
    // Back leads to an empty box.
    arrived();
    location.assign(chat.url);
  } catch (fault) {
    explain(fault, "failed");
    setSending(false);
  }
});

// The browser may show this very page again, as it was left.
addEventListener("pageshow", () => setSending(false));

function setSending(on) {
  sending = on;
  setBusy(on);
}
