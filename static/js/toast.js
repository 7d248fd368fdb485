// Puts away what the server said, and shows what a script says:
// document.dispatchEvent(new CustomEvent("toast", { detail: "Renamed." })).
// A "say" event is for screen readers only.
const READ_MS = 6000;
const place = document.getElementById("toasts");
const voice = document.getElementById("voice");

document.addEventListener("click", ({ target }) => target.closest("[data-dismiss]")?.closest(".toast").remove());

document.addEventListener("toast", ({ detail }) => {
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: detail });
  place.append(toast);
  setTimeout(() => toast.remove(), READ_MS);
});

document.addEventListener("say", ({ detail }) => {
  voice.textContent = detail;
});
