// Shows and saves an appearance as soon as it is chosen; what else stands in the form isn't sent.
import { post } from "./post.js";

let kept = document.querySelector('[name="theme"]:checked');
let queue = Promise.resolve();

document.addEventListener("change", ({ target }) => {
  if (!target.matches('[name="theme"]')) return;
  show(target.value);
  queue = queue.then(() => save(target));
});

async function save(choice) {
  const told = choice.closest("[data-saved]").dataset;
  try {
    await post(choice.form, choiceAlone(choice));
    kept = choice;
    tell(told.saved);
  } catch {
    kept.checked = true;
    show(kept.value);
    tell(told.failed);
  }
}

// The other fields as they were when the page came.
function choiceAlone(choice) {
  const data = new FormData(choice.form);
  for (const field of choice.form.elements) {
    if (field.matches("select")) {
      data.set(field.name, [...field.options].find((option) => option.defaultSelected).value);
    } else if (field.matches("[type=text]")) data.set(field.name, field.defaultValue);
  }
  data.set(choice.name, choice.value);
  return data;
}

function show(theme) {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
}

const tell = (detail) => document.dispatchEvent(new CustomEvent("toast", { detail }));
