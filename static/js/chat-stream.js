// Sends the composer's words, and shows a reply as it grows: as the answer to its own request
// in the tab that asked, and by the stream's address everywhere else. A lost connection goes
// on where it ended; only Stop stops.
const conversation = document.getElementById("conversation");
const composer = document.getElementById("composer");
const words = document.getElementById("chat-words").dataset;
const heard = document.getElementById("heard");
const box = composer.elements.text;
const sentence = composer.querySelector("[data-sentence]");
let busy = false;

class Reply {
  constructor(article) {
    this.article = article;
    this.body = article.querySelector("[data-words]");
    this.waiting = article.querySelector("[data-waiting]");
    this.thoughts = article.querySelector(".thinking");
    this.offset = 0;
    this.fresh = true;
    this.over = false;
    this.spoken = "";
  }

  get address() {
    return this.article.dataset.stream;
  }

  clearOnce() {
    if (!this.fresh) return;
    this.fresh = false;
    this.body.replaceChildren();
  }

  get tail() {
    let tail = this.body.querySelector(":scope > .tail");
    if (!tail) {
      tail = Object.assign(document.createElement("p"), { className: "tail" });
      this.body.append(tail);
    }
    return tail;
  }

  take(name, id, data) {
    if (name === "words") this.say(data.words);
    if (name === "thinking") this.think(data);
    if (name === "block") this.block(data.html);
    if (name === "tail") this.grow(data.text);
    if (name === "done" || name === "gone") this.finish(data);
    if (id) this.offset = Number(id);
  }

  say(text) {
    if (!this.waiting) return;
    this.waiting.textContent = text;
    this.waiting.hidden = !text;
  }

  think(data) {
    if (!this.thoughts) return;
    this.thoughts.hidden = false;
    const place = this.thoughts.querySelector("[data-thinking]");
    if (data.from === 0) place.textContent = "";
    place.append(data.text);
  }

  block(html) {
    this.clearOnce();
    this.say("");
    const tail = this.tail;
    const next = tail.cloneNode(false);
    tail.insertAdjacentHTML("beforebegin", html);
    tail.replaceWith(next);
  }

  grow(text) {
    this.clearOnce();
    this.say("");
    this.tail.append(text);
    this.tail.normalize();
    this.hear(text);
  }

  // A screen reader gets whole sentences, not every piece of a word.
  hear(text) {
    this.spoken += text;
    const end = Math.max(...[". ", "! ", "? ", ".\n", "。", "！", "？", "\n\n"].map((mark) => this.spoken.lastIndexOf(mark)));
    if (end < 0) return;
    heard.textContent = this.spoken.slice(0, end + 1);
    this.spoken = this.spoken.slice(end + 1);
  }

  finish(data) {
    this.over = true;
    if (!data.html) return;
    const holder = document.createElement("div");
    holder.innerHTML = data.html;
    const done = holder.firstElementChild;
    const open = this.thoughts?.open;
    this.article.replaceWith(done);
    this.article = done;
    if (open) done.querySelector(".thinking")?.setAttribute("open", "");
    heard.textContent = this.spoken.trim() || words.done;
  }
}

async function read(response, onEvent) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    kept += value;
    const events = kept.split("\n\n");
    kept = events.pop();
    for (const event of events) {
      const field = (name) => event.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
      if (field("data")) onEvent(field("event"), field("id"), JSON.parse(field("data")));
    }
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function follow(reply) {
  setBusy(true);
  for (let tries = 0; !reply.over; tries += 1) {
    try {
      const response = await fetch(reply.address, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": String(reply.offset) },
      });
      if (response.redirected || response.status === 404) return location.reload();
      if (!response.ok) throw new Error(response.statusText);
      await read(response, (name, id, data) => {
        tries = 0;
        if (name !== "reconnect") reply.take(name, id, data);
      });
    } catch {
      tell(words.lost);
    }
    if (!reply.over) await pause(Math.min(300 * 2 ** tries, 5000));
  }
  tell("");
  setBusy(false);
}

async function send() {
  const text = box.value;
  const form = new FormData(composer);
  setBusy(true);
  tell("");
  let reply = null;
  try {
    const response = await fetch(composer.action, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { Accept: "text/event-stream" },
    });
    if (response.redirected) {
      tell(words.signedOut);
      return setBusy(false);
    }
    if (!response.ok) {
      const told = await response.json().catch(() => ({}));
      tell(told.sentence || words.failed);
      return setBusy(false);
    }
    await read(response, (name, id, data) => {
      if (name === "turn") {
        reply = place(data);
        if (box.value === text) box.value = "";
        box.dispatchEvent(new Event("input", { bubbles: true }));
        composer.elements.request_id.value = crypto.randomUUID?.() ?? fallbackId();
      } else if (name !== "reconnect") reply?.take(name, id, data);
    });
  } catch {
    // The same request id goes with the next try, so words that did arrive aren't asked twice.
    if (!reply) tell(words.failed);
  }
  if (reply && !reply.over) return follow(reply);
  setBusy(false);
}

function place(data) {
  const holder = document.createElement("div");
  holder.innerHTML = data.html;
  for (const element of [...holder.children]) {
    document.getElementById(element.id)?.remove();
    conversation.append(element);
  }
  // Only the last answer can be tried again.
  const earlier = [...conversation.querySelectorAll(".reply")].slice(0, -1);
  for (const article of earlier) article.querySelector(".tools form")?.remove();
  document.dispatchEvent(new Event("chat:sent"));
  return new Reply(document.getElementById(`message-${data.reply}`));
}

function setBusy(on) {
  busy = on;
  composer.toggleAttribute("data-busy", on);
}

function tell(text) {
  sentence.textContent = text;
  sentence.hidden = !text;
}

// crypto.randomUUID is there only on https and localhost.
function fallbackId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy && box.value.trim()) send();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-stop]")) return;
  event.preventDefault();
  event.target.querySelector("button").disabled = true;
  fetch(event.target.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(event.target)),
    headers: { Accept: "text/event-stream" },
  }).catch(() => {
    event.target.querySelector("button").disabled = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  conversation.querySelector("[data-stop]")?.requestSubmit();
});

const open = conversation.querySelector("[data-stream]");
if (open) follow(new Reply(open));
