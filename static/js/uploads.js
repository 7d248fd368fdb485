// Files that are picked, dropped on `over` or pasted into the form's text are sent at once, one after
// the other. `place` holds the field for them, a list in which they stand while they are on their way,
// and what is said of them; `kept(answer, row)` takes what became of each, and `prepared(file)` gives
// what is to be sent of it.
import { currentPage } from "./post.js";

export function takeFiles(place, over, kept, prepared = (file) => file) {
  const form = place.closest("form");
  const text = form.querySelector("textarea");
  const input = place.querySelector("[type=file]");
  const list = place.querySelector("[data-uploads]");
  const said = place.querySelector("[data-said]");
  const sentences = place.querySelector("[data-sentences]").content;
  const blank = place.querySelector("[data-upload]").content;
  const token = form.elements.csrfmiddlewaretoken;
  const most = Number(place.dataset.mostFiles) || Infinity;
  let turn = Promise.resolve();
  let left = 0;
  let isWaiting = false;
  let submitter = null;

  // The files go by themselves, not once more with the form.
  input.removeAttribute("name");
  place.toggleAttribute("data-live", true);

  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });

  text.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    // A word processor puts a picture of the words beside the words.
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    take(files);
  });

  over.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.toggleAttribute("data-over", true);
  });
  over.addEventListener("dragleave", (event) => {
    if (!over.contains(event.relatedTarget)) form.removeAttribute("data-over");
  });
  over.addEventListener("drop", (event) => {
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
      isWaiting = true;
      submitter = event.submitter;
      said.textContent = worded("waits");
    },
    { capture: true },
  );
  addEventListener("beforeunload", (event) => left && event.preventDefault());

  function take(files) {
    for (const file of files) {
      const row = shown(file);
      if (list.children.length > most) {
        explain(row, worded("many"));
        continue;
      }
      left += 1;
      turn = turn.then(() => upload(file, row)).finally(done);
    }
  }

  function done() {
    left -= 1;
    if (left || !isWaiting) return;
    isWaiting = false;
    // What didn't get through is looked at before the page is left.
    if (!list.querySelector("[data-why]:not([hidden])")) form.requestSubmit(submitter);
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
    showLast();
    return row;
  }

  async function upload(given, row) {
    if (!row.isConnected) return;
    const file = await Promise.resolve(prepared(given)).catch(() => given);
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
      if (answer.status === 201) {
        kept(answer, row);
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
    // What may be said of it depends on who is to read it.
    if (form.elements.model) data.set("model", form.elements.model.value);
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

  function explain(row, sentence) {
    row.querySelector("progress").remove();
    const why = row.querySelector("[data-why]");
    why.textContent = sentence;
    why.hidden = false;
    said.textContent = "";
    showLast();
  }

  // A long list scrolls by itself.
  function showLast() {
    list.scrollTop = list.scrollHeight;
  }

  function worded(name, file = "") {
    return sentences.querySelector(`[data-name="${name}"]`).textContent.replace("%name%", () => file);
  }
}

function read(request) {
  if (new URL(request.responseURL).pathname.startsWith("/account/")) return { reason: "signed-out" };
  try {
    return { status: request.status, ...JSON.parse(request.responseText) };
  } catch {
    return { status: request.status };
  }
}
