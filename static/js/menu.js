// A menu is a <details class="menu">: it opens without this, and closes by itself with it.
const opened = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", ({ target }) => {
  for (const menu of opened()) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("focusin", ({ target }) => {
  for (const menu of opened()) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of opened()) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
});
