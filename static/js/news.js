// Asks for notices at the moment when the next one is due; htmx itself asks every half minute.
const TITLES = "notices-with-titles";
let waiting = 0;
let next = Infinity;

// A page that is opened tells the other tabs what it knows: what was set there may come sooner than
// they would ask, or have come already.
const tabs = new BroadcastChannel("news");
tabs.addEventListener("message", ({ data }) => {
  if (data.next < next || data.unread !== unread()) look();
});

// Each answer brings the next moment along, and what is new.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.id === "news") wait();
  else if (elt.matches("[data-notice]")) notify(elt);
});
document.addEventListener("visibilitychange", () => document.hidden || look());
wait();
tabs.postMessage({ next, unread: unread() });

function wait() {
  clearTimeout(waiting);
  const news = document.getElementById("news");
  if (!news) return;
  next = Date.now() + news.dataset.askIn * 1000;
  waiting = setTimeout(look, news.dataset.askIn * 1000);
}

function unread() {
  return document.getElementById("unread-bell")?.textContent.trim();
}

function look() {
  document.body.dispatchEvent(new CustomEvent("look"));
}

// Who looks at the page sees it there. Of several pages the browser shows the same one once.
function notify(toast) {
  if (!document.hidden || window.Notification?.permission !== "granted") return;
  const { told } = document.getElementById("news").dataset;
  const may = localStorage.getItem(TITLES) === "yes";
  const title = toast.querySelector("[data-title]");
  try {
    const shown = new Notification(may ? title.textContent : told, { tag: toast.dataset.notice });
    shown.addEventListener("click", () => {
      focus();
      shown.close();
    });
  } catch {
    // Browsers on phones show none from a page alone.
  }
}
