// The browser's own notifications of reminders: whether they may be shown here, and with what words.
// The choices are this browser's; the words themselves are never kept.
const place = document.querySelector("[data-notify]");
const TITLES = "notices-with-titles";

if (place && "Notification" in window) {
  const button = place.querySelector("button");
  const tick = place.querySelector("input");
  place.hidden = false;
  tick.checked = localStorage.getItem(TITLES) === "yes";
  show();

  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    show();
  });
  tick.addEventListener("change", () => {
    if (tick.checked) localStorage.setItem(TITLES, "yes");
    else localStorage.removeItem(TITLES);
  });

  function show() {
    for (const part of place.querySelectorAll("[data-when]")) {
      part.hidden = part.dataset.when !== Notification.permission;
    }
  }
}
