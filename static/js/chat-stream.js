// Sends the composer's words, and shows a reply as it grows: as the answer to its own request
// in the tab that asked, and by the stream's address everywhere else. A lost connection goes
// on where it ended; only Stop stops.
import { arrived, composer, explain, hush, isEmpty, send, setBusy, tell } from "./message.js";
import { currentPage, isSignIn, post } from "./post.js";
import { exchange, Reply } from "./reply.js";

const LONGEST_WAIT_MS = 5000;
const conversation = document.getElementById("conversation");
let busy = false;
// The reply whose stream ended because the person was signed out elsewhere.
let left = null;

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (busy) tell("busy");
  else if (!isEmpty()) begin(send, "failed");
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-stop], [data-again]")) return;
  event.preventDefault();
  if (form.matches("[data-stop]")) stop(form);
  else if (busy) tell("busy");
  else begin(() => post(form, again(form)), "not-again");
});

// With the model that is picked by now: the last one may have been the reason to try again.
function again(form) {
  const data = new FormData(form);
  data.set("model", new FormData(composer).get("model"));
  return data;
}

// Perhaps the person has come from the tab in which they signed in again.
addEventListener("focus", () => {
  if (!left) return;
  const reply = left;
  left = null;
  reply.comeBack();
  follow(reply);
});

const open = conversation.querySelector("[data-stream]");
if (open) follow(new Reply(open));

async function begin(request, failed) {
  work(true);
  hush();
  let reply = null;
  try {
    const response = await request();
    for await (const { name, id, data } of events(response)) {
      if (name === "turn") {
        if (request === send) arrived();
        if (isBehind(data)) return await catchUp(request === send);
        reply = place(data);
      } else if (reply) take(reply, name, id, data);
      if (reply?.over) break;
    }
    if (!reply) tell(failed);
  } catch (fault) {
    if (!reply) {
      explain(fault, failed);
      // Another tab was quicker: this page doesn't show the chat as it is.
      if (fault.status === 409) return catchUp();
    }
  }
  if (reply && !reply.over) {
    if (reply.address) return follow(reply);
    // Of a temporary chat: there is nowhere to take up what was missed.
    leave(reply, "broken");
  } else if (reply) hush("busy");
  work(false);
}

async function follow(reply) {
  work(true);
  reply.calm();
  for (let tries = 0; !reply.over; tries += 1) {
    let comeBackMs = 0;
    try {
      const response = await fetch(reply.address, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": String(reply.offset) },
      });
      if (isSignIn(response)) leave(reply, "left");
      else if (response.status === 404) leave(reply, "missing");
      else if (!response.ok) throw new Error(response.statusText);
      else {
        hush("lost");
        for await (const { name, id, data } of events(response)) {
          tries = 0;
          if (name === "reconnect") comeBackMs = data.after_ms;
          else take(reply, name, id, data);
          if (reply.over) break;
        }
      }
    } catch {
      reply.calm();
      tell("lost");
    }
    if (!reply.over) await pause(Math.max(comeBackMs, Math.min(300 * 2 ** tries, LONGEST_WAIT_MS)));
  }
  hush("lost", "busy", "refused");
  work(false);
}

function take(reply, name, id, data) {
  if (name === "gone") return leave(reply, data.deleted ? "deleted" : reply.address ? "left" : "broken");
  reply.take(name, id, data);
  for (const { after, html } of data.summaries ?? []) {
    document.getElementById(`message-${after}`)?.insertAdjacentHTML("afterend", html);
  }
  document.dispatchEvent(new Event("chat:changed"));
  if (name !== "done") return;
  const failed = ["failed", "interrupted"].includes(data.state);
  document.dispatchEvent(new Event(failed ? "chat:failed" : "chat:done"));
}

function leave(reply, why) {
  reply.leave();
  if (why === "left") left = reply;
  tell(why);
}

// Other words were asked elsewhere since this page was opened.
function isBehind({ after }) {
  const last = [...conversation.querySelectorAll(".turn")].at(-1);
  return Boolean(after) && last?.id !== `message-${after}`;
}

// Shows the chat as it is by now, and leaves the composer alone. Whoever sent is led to its end;
// others keep their place.
async function catchUp(hasSent = false) {
  const page = await currentPage(conversation.dataset.chat).catch(() => null);
  if (page) {
    showEnd([...page.getElementById("conversation").children], hasSent);
    goOnAfter(page.getElementById("composer")?.elements.after?.value);
  }
  if (hasSent) document.dispatchEvent(new Event("chat:sent"));
  const growing = conversation.querySelector("[data-stream]");
  if (growing) return follow(new Reply(growing));
  work(false);
}

// In the place of what this page has of it. A page that shows an earlier part has nothing of it.
function showEnd(end, isWanted) {
  const turns = end.filter((element) => !element.matches("[data-more]"));
  const here = turns.length && document.getElementById(turns[0].id);
  if (here) {
    while (here.nextElementSibling) here.nextElementSibling.remove();
    here.replaceWith(...turns);
  } else if (isWanted || !conversation.querySelector("[data-more=after]")) conversation.replaceChildren(...end);
}

// The next question belongs to what this page shows, whatever other tabs show by then.
function goOnAfter(message) {
  const { after } = composer.elements;
  if (after && message) after.value = message;
}

function place({ html, reply, replaces }) {
  const holder = document.createElement("div");
  holder.innerHTML = html;
  const earlier = replaces && document.getElementById(`message-${replaces}`);
  if (earlier) exchange(earlier, holder.firstElementChild);
  for (const element of [...holder.children]) {
    document.getElementById(element.id)?.remove();
    conversation.append(element);
  }
  // Another answer to earlier words has a page of its own: what followed is on another branch.
  const replies = [...conversation.querySelectorAll(".reply")].slice(0, -1);
  for (const form of replies.flatMap((one) => [...one.querySelectorAll("[data-again]")])) {
    delete form.dataset.again;
    makeSmall(form.querySelector("button"));
  }
  goOnAfter(reply);
  document.dispatchEvent(new Event("chat:sent"));
  return new Reply(document.getElementById(`message-${reply}`));
}

// Large is what one may want to do next; with earlier replies that isn't likely.
function makeSmall(button) {
  if (button.className !== "button") return;
  const words = Object.assign(document.createElement("span"), { className: "unseen" });
  words.textContent = button.textContent.trim();
  button.className = "icon-button";
  button.replaceChildren(button.querySelector("svg"), words);
}

async function stop(form) {
  const button = form.querySelector("button");
  if (button.ariaDisabled) return;
  button.ariaDisabled = "true";
  try {
    await post(form);
  } catch (fault) {
    button.ariaDisabled = null;
    explain(fault, "not-stopped");
  }
}

function work(on) {
  busy = on;
  setBusy(on);
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let kept = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      kept += value;
      const whole = kept.split("\n\n");
      kept = whole.pop();
      for (const event of whole) {
        const field = (name) => event.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
        if (!field("data")) continue;
        yield { name: field("event"), id: field("id"), data: JSON.parse(field("data")) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
