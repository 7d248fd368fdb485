// Presses what a page marks with data-shortcut ("n", "g c", "Escape"), lists the keys under "?".
const PAUSE_MS = 1200;
const KEPT = "shortcuts";
const STEPS = { j: "next", k: "previous" };
const dialog = document.getElementById("shortcuts");
let first = "";
let forget = 0;

for (const opener of document.querySelectorAll('[data-opens="shortcuts"]')) opener.hidden = false;

// Single keys get in the way of speech control, so they can be switched off (WCAG 2.1.4).
const box = dialog?.querySelector("[data-keys]");
if (box) {
  box.checked = localStorage.getItem(KEPT) !== "off";
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, "off");
  });
}

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  if (search && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    search.click();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (!press("Escape")) document.activeElement?.blur();
    return;
  }
  // In an empty message box, Up is as good as "e".
  if (event.key === "ArrowUp" && event.target.matches("[data-composer] textarea")) {
    if (!event.target.value && press("e")) event.preventDefault();
    return;
  }
  if (isTyping(event.target) || localStorage.getItem(KEPT) === "off") return;

  const keys = first ? `${first} ${event.key}` : event.key;
  clearTimeout(forget);
  first = "";
  if (keys === "?" && dialog) {
    event.preventDefault();
    dialog.showModal();
  } else if (keys === "/" && (focusMessage() || openSearch(search))) {
    event.preventDefault();
  } else if (press(keys) || (keys in STEPS && step(STEPS[keys]))) {
    event.preventDefault();
  } else if (document.querySelector(`[data-shortcut^="${CSS.escape(event.key)} "]`)) {
    first = event.key;
    forget = setTimeout(() => (first = ""), PAUSE_MS);
  }
});

function isTyping(target) {
  return target.isContentEditable || target.matches("input, textarea, select");
}

function press(keys) {
  // Of several, the last one is nearest to what is being written.
  for (const control of [...document.querySelectorAll("[data-shortcut]")].reverse()) {
    if (control.dataset.shortcut !== keys || control.hidden || control.disabled) continue;
    control.click();
    return true;
  }
  return false;
}

// To the next or previous chat, which the server knows; from elsewhere to the first of the side bar.
// The fragment keeps the keyboard out of the message box there, so that the same key leads on.
function step(to) {
  const chat = document.querySelector("[data-chat]")?.dataset.chat;
  const first = document.querySelector("#recent a")?.pathname;
  if (chat) location.assign(chat + to);
  else if (first) location.assign(`${first}#main`);
  return Boolean(chat || first);
}

function openSearch(search) {
  search?.click();
  return Boolean(search);
}

function focusMessage() {
  const box = document.querySelector("[data-composer] textarea");
  box?.focus();
  return Boolean(box);
}
