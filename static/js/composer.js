// Enter sends and Shift+Enter breaks the line; an example fills the box instead of going off at once.
// On a touch keyboard Enter breaks the line: the send button is under the thumb there.
const touch = matchMedia("(pointer: coarse)");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch.matches) return;
  if (!event.target.matches("[data-composer] textarea")) return;
  event.preventDefault();
  const { value, form } = event.target;
  if (value.trim() || form.querySelector("[data-uploads] > li")) form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-fills]");
  const box = example?.form?.querySelector("textarea");
  if (!box) return;
  event.preventDefault();
  box.value = example.value;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
});
