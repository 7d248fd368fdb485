// Files that are dropped on a text, pasted into it or picked are kept at once, one after the other;
// what refers to them is written where the caret is.
import { currentPage } from "./post.js";

const place = document.querySelector("[data-attach]");
const form = place.closest("form");
const text = form.querySelector("textarea");
const input = place.querySelector("input");
const list = place.querySelector("[data-uploads]");
const said = place.querySelector("[data-said]");
const sentences = place.querySelector("[data-sentences]").content;
const blank = place.querySelector("[data-upload]").content;
const token = form.elements.csrfmiddlewaretoken;
let turn = Promise.resolve();
let left = 0;
let submitter = null;
let hadCaret = false;

// The files go by themselves, not once more with the form.
input.removeAttribute("name");
place.toggleAttribute("data-live", true);
place.querySelector("label").classList.add("button");
place.querySelector("[data-scripted]").hidden = false;

input.addEventListener("change", () => {
  take(input.files);
  input.value = "";
});

text.addEventListener("focus", () => (hadCaret = true));

text.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData;
  // A word processor puts a picture of the words beside the words.
  if (!files.length || types.includes("text/plain")) return;
  event.preventDefault();
  take(files);
});

form.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.toggleAttribute("data-over", true);
});
form.addEventListener("dragleave", (event) => {
  if (!form.contains(event.relatedTarget)) form.removeAttribute("data-over");
});
form.addEventListener("drop", (event) => {
  form.removeAttribute("data-over");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  take(event.dataTransfer.files);
});

form.addEventListener(
  "submit",
  (event) => {
    if (!left) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    submitter = event.submitter;
    said.textContent = worded("waits");
  },
  { capture: true },
);
addEventListener("beforeunload", (event) => left && event.preventDefault());

function take(files) {
  for (const file of files) {
    const row = shown(file);
    left += 1;
    turn = turn.then(() => upload(file, row)).finally(done);
  }
}

function done() {
  left -= 1;
  if (left || !submitter) return;
  // What didn't get through is looked at before the page is left.
  if (!list.querySelector("[data-why]:not([hidden])")) form.requestSubmit(submitter);
  submitter = null;
}

function shown(file) {
  const row = blank.firstElementChild.cloneNode(true);
  row.querySelector("[data-file]").textContent = file.name;
  row.querySelector("progress").setAttribute("aria-label", worded("begun", file.name));
  row.querySelector("button").addEventListener("click", () => {
    row.request?.abort();
    row.remove();
    input.focus();
  });
  list.append(row);
  return row;
}

async function upload(file, row) {
  if (!row.isConnected) return;
  if (file.size > Number(place.dataset.most)) return explain(row, worded("large"));
  said.textContent = worded("begun", file.name);
  try {
    let answer = await send(file, row);
    if (answer.status === 403) {
      // Signed in again in another tab, which has given this browser another token.
      token.value = (await currentPage()).querySelector(`[name="${token.name}"]`).value;
      answer = await send(file, row);
    }
    if (!row.isConnected) return;
    if (answer.written) {
      write(answer.written);
      row.remove();
      said.textContent = worded("kept", file.name);
    } else {
      explain(row, answer.sentence || worded(answer.reason || "failed"));
    }
  } catch (fault) {
    explain(row, worded(fault.reason === "signed-out" ? "signed-out" : "failed"));
  }
}

// By XMLHttpRequest, since fetch tells nothing of how far an upload is.
function send(file, row) {
  const data = new FormData();
  data.set(token.name, token.value);
  data.set("file", file, file.name);
  const request = new XMLHttpRequest();
  row.request = request;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    row.querySelector("progress").value = loaded / total;
  });
  return new Promise((resolve, reject) => {
    request.addEventListener("load", () => resolve(read(request)));
    request.addEventListener("error", () => reject(new Error("away")));
    request.addEventListener("abort", () => resolve({}));
    request.open("POST", place.dataset.attach);
    request.setRequestHeader("Accept", "application/json");
    request.send(data);
  });
}

function read(request) {
  if (new URL(request.responseURL).pathname.startsWith("/account/")) return { reason: "signed-out" };
  try {
    return { status: request.status, ...JSON.parse(request.responseText) };
  } catch {
    return { status: request.status };
  }
}

function explain(row, sentence) {
  row.querySelector("progress").remove();
  const why = row.querySelector("[data-why]");
  why.textContent = sentence;
  why.hidden = false;
}

// A picture gets a paragraph of its own, a link stands between the words.
function write(words) {
  const end = text.value.length;
  const [from, to] = hadCaret ? [text.selectionStart, text.selectionEnd] : [end, end];
  const before = text.value.slice(0, from);
  const after = text.value.slice(to);
  let lead = "";
  let tail = "";
  if (words.startsWith("!")) {
    lead = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    tail = after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
  } else if (before && !/\s$/.test(before)) {
    lead = " ";
  }
  text.setRangeText(lead + words + tail, from, to, "end");
  hadCaret = true;
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

function worded(name, file = "") {
  return sentences.querySelector(`[data-name="${name}"]`).textContent.replace("%name%", () => file);
}
