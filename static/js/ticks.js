// Tasks are ticked at once, and saved one after the other, however fast they are clicked: each save
// needs the version that the one before has made.
import { post } from "./post.js";

const form = document.getElementById("note-body");
let turn = Promise.resolve();
let left = 0;

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const task = event.submitter;
  show(task, !isDone(task));
  left += 1;
  turn = turn.then(() => save(task)).finally(() => (left -= 1));
});

addEventListener("beforeunload", (event) => left && event.preventDefault());

const isDone = (task) => task.ariaPressed === "true";

function show(task, done) {
  task.className = done ? "task-done" : "task-open";
  task.ariaPressed = String(done);
}

async function save(task) {
  const { version } = form.elements;
  const data = new FormData(form, task);
  try {
    const answer = await post(form, data, "application/json", true);
    version.value = (await answer.json()).version;
  } catch (fault) {
    // The note as it is now, with the reason over it.
    if (fault.status === 409 || fault.reason) return leave();
    show(task, !isDone(task));
    document.dispatchEvent(new CustomEvent("toast", { detail: form.dataset.failed }));
  }
}

function leave() {
  left = 0;
  location.reload();
  // What was clicked meanwhile is for the page that comes.
  return new Promise(() => {});
}
