// Follows the growing answer only while the reader is at the end of the page.
const view = document.querySelector("[data-follow]");
const NEAR_PX = 48;
let atEnd = true;
let last = 0;

const toEnd = () => {
  view.scrollTop = view.scrollHeight;
  last = view.scrollTop;
};

const isNear = () => view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_PX;

view.addEventListener(
  "scroll",
  () => {
    // Farther away, but not by scrolling up: the answer has grown since this page scrolled itself.
    if (isNear() && view.scrollTop > last) atEnd = true;
    else if (!isNear() && view.scrollTop < last) atEnd = false;
    last = view.scrollTop;
  },
  { passive: true },
);

// A wheel moves the page by and by; following meanwhile would take it back.
view.addEventListener(
  "wheel",
  ({ deltaY }) => {
    if (deltaY < 0 && view.scrollTop > 0) atEnd = false;
  },
  { passive: true },
);

// What a reader opens grows under their eyes, and nothing new has come.
view.addEventListener("click", ({ target }) => {
  if (target.closest("summary")) atEnd = false;
});
view.addEventListener("toggle", ({ target }) => target.open || (atEnd = isNear()), true);

// Whoever sends wants to see what they sent, also after a reload, which would go back to the
// message that the address names.
document.addEventListener("chat:sent", () => {
  history.replaceState(history.state, "", document.getElementById("conversation").dataset.chat);
  atEnd = true;
  toEnd();
});

// What was exchanged may have been taller: the browser has moved the page up by then.
document.addEventListener("chat:changed", () => {
  if (atEnd) toEnd();
});

const watcher = new ResizeObserver(() => {
  if (atEnd) toEnd();
});
watcher.observe(view);
watcher.observe(view.firstElementChild);
// A link to one message stays there, and at the words in it that were searched for.
const wanted = location.hash && view.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`);
const found = wanted && wanted.querySelector("mark");
if (wanted) {
  atEnd = false;
  wanted.scrollIntoView();
} else toEnd();
// Until then the browser itself goes back to the message.
if (found) addEventListener("load", () => requestAnimationFrame(() => show(found)));

function show(words) {
  const { top, bottom } = words.getBoundingClientRect();
  const place = view.getBoundingClientRect();
  if (top < place.top || bottom > place.bottom) words.scrollIntoView({ block: "center" });
}
