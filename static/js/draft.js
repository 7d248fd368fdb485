// Keeps what is written but not sent, a second after the last key and when the page is left. When
// another tab has saved meanwhile, that is said, and the words stay here: only the next key saves
// them over the others.
import { tell } from "./message.js";

const form = document.querySelector("[data-composer][data-draft]");
const box = form?.querySelector("textarea");
const REST_MS = 1000;
let version = Number(form?.dataset.version);
let saved = box?.value;
let rest = 0;
let saving = false;

box?.addEventListener("input", () => {
  clearTimeout(rest);
  rest = setTimeout(save, REST_MS);
});
// On their way already; where they don't get through, the next key or leaving saves them.
form?.addEventListener("submit", () => clearTimeout(rest));
addEventListener("pagehide", () => box && save());

async function save() {
  const text = box.value;
  if (saving || text === saved) return;
  saving = true;
  try {
    const response = await fetch(form.dataset.draft, {
      method: "POST",
      body: new URLSearchParams({
        text,
        version,
        csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
      }),
      // Goes on when the page is left.
      keepalive: text.length < 10_000,
    });
    if (!response.ok && response.status !== 409) return;
    ({ version } = await response.json());
    saved = text;
    if (response.status === 409) tell("other-draft");
  } catch {
    // Offline: the next key tries again, and the words are in the page.
  } finally {
    saving = false;
  }
  // What was typed while this was on its way.
  if (box.value !== text) rest = setTimeout(save, REST_MS);
}
