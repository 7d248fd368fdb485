// data-copy="id" copies that element's text; without an id, the code of the block around the button.
const SHOWN_MS = 1800;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.dataset.copy
    ? document.getElementById(button.dataset.copy)
    : button.closest(".code, figure, pre, .type")?.querySelector("code");
  if (!source) return;
  try {
    await write(source.value ?? source.textContent);
    say(button, button.dataset.done);
  } catch {
    say(button, button.dataset.failed);
  }
});

// The clipboard API is there only on https and localhost.
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("not copied");
}

function say(button, words) {
  const label = button.querySelector("[data-label]") ?? button;
  if (!words || label.dataset.before) return;
  label.dataset.before = label.textContent;
  label.textContent = words;
  button.dataset.copied = "";
  document.dispatchEvent(new CustomEvent("say", { detail: words }));
  setTimeout(() => {
    label.textContent = label.dataset.before;
    delete label.dataset.before;
    delete button.dataset.copied;
  }, SHOWN_MS);
}
