// The page of a conflict is the answer to a form, which a browser won't show again when one goes
// back to it: once it is settled, Back leads to the editor, with what is saved. Until then nobody
// leaves it by mistake, since its text is nowhere else.
const form = document.getElementById("editor");
let isSettled = false;

form.addEventListener("submit", settle);
document.querySelector("[data-settles]").addEventListener("click", settle);
addEventListener("beforeunload", (event) => isSettled || event.preventDefault());
addEventListener("pageshow", () => (isSettled = false));

function settle() {
  isSettled = true;
  history.replaceState(null, "", form.action);
}
