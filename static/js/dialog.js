// data-opens="id" opens a <dialog>, data-closes closes the one around it; so does a press beside it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog) {
    event.preventDefault();
    opener.closest("details.menu")?.removeAttribute("open");
    dialog.showModal();
    return;
  }
  if (event.target.closest("[data-closes]")) {
    event.preventDefault();
    event.target.closest("dialog").close();
  } else if (event.target.matches("dialog[open]") && isBeside(event, event.target)) {
    event.target.close();
  }
});

function isBeside({ clientX, clientY, detail }, dialog) {
  const box = dialog.getBoundingClientRect();
  const inside =
    clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
  // A key press on a control counts as a click at 0,0, with no detail.
  return detail > 0 && !inside;
}
