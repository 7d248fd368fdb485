// After [[ the titles of notes are offered, after # and a letter the tags, in a list at the caret. The
// keyboard stays in the text; what it stands on in the list is told by aria-activedescendant.
import { isInCode, replace } from "./writing.js";

const list = document.querySelector("[data-completions]");
const area = document.querySelector("#editor textarea");
const said = document.querySelector("[data-completions-said]");
const REST_MS = 120;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const OPENERS = [
  { kind: "titles", begun: /\[\[([^[\]\n]{0,100})$/, close: "]]" },
  { kind: "tags", begun: /(?<![^\s(])#([^\s#,()[\]]{1,80})$/, close: "" },
];
let rest = 0;
let asking = null;
let from = 0;
let ending = "";

area.setAttribute("aria-autocomplete", "list");

area.addEventListener("input", (event) => {
  clearTimeout(rest);
  close();
  if (!event.isComposing) rest = setTimeout(offer, REST_MS);
});
area.addEventListener("compositionend", () => (rest = setTimeout(offer, REST_MS)));
area.addEventListener("blur", close);
area.addEventListener("pointerdown", close);

// Before what else these keys do in the text.
area.addEventListener("keydown", (event) => list.hidden || event.isComposing || press(event), {
  capture: true,
});

list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", ({ target }) => take(target.closest("[role=option]")));

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const options = [...list.children];
  const here = options.findIndex((option) => option.ariaSelected === "true");
  if (event.key in STEPS) {
    choose(options.at((here + STEPS[event.key]) % options.length));
  } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
    take(options[here]);
  } else if (event.key === "Escape") {
    close();
  } else {
    if (["ArrowLeft", "ArrowRight", "Home", "End", "Tab"].includes(event.key)) close();
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}

async function offer() {
  const { value, selectionStart: place, selectionEnd: end } = area;
  const before = value.slice(Math.max(0, place - 200), place);
  const opener = OPENERS.find(({ begun }) => begun.test(before));
  if (!opener || place !== end || isInCode(value, place)) return;
  const [, begun] = opener.begun.exec(before);
  asking?.abort();
  asking = new AbortController();
  const address = `${list.dataset[opener.kind]}?${new URLSearchParams({ q: begun })}`;
  try {
    const headers = { Accept: "application/json" };
    const response = await fetch(address, { headers, signal: asking.signal });
    const { found } = await response.json();
    const isStill = area.value === value && area.selectionStart === place;
    if (isStill && document.activeElement === area) open(opener, found, place - begun.length, begun);
  } catch {
    // Whoever hears nothing of it writes on.
  }
}

function open({ kind, close: closing }, found, start, begun) {
  if (!found.length || (kind === "tags" && found.length === 1 && found[0] === begun)) return;
  [from, ending] = [start, closing];
  list.replaceChildren(
    ...found.map((name, number) => {
      const option = document.createElement("li");
      Object.assign(option, { id: `${list.id}-${number}`, role: "option", dir: "auto" });
      option.textContent = name;
      return option;
    }),
  );
  list.setAttribute("aria-label", list.dataset[`${kind}Label`]);
  list.hidden = false;
  area.setAttribute("aria-controls", list.id);
  stand();
  choose(list.firstElementChild);
  said.textContent = list.dataset.said.replace("%count%", found.length);
}

function close() {
  asking?.abort();
  list.hidden = true;
  said.textContent = "";
  area.removeAttribute("aria-controls");
  area.removeAttribute("aria-activedescendant");
}

function choose(option) {
  for (const one of list.children) one.ariaSelected = String(one === option);
  area.setAttribute("aria-activedescendant", option.id);
  // The list alone: the page stays where it is.
  const { offsetTop: top, offsetHeight: height } = option;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
}

function take(option) {
  if (!option) return;
  const end = area.selectionEnd;
  const has = area.value.startsWith(ending, end) ? ending.length : 0;
  replace(area, from, end + has, option.textContent + ending);
  clearTimeout(rest);
  close();
}

// Under the line of the caret, or over it where there is more room: a copy of the text up to there tells where that is.
function stand() {
  const copy = document.createElement("div");
  const style = getComputedStyle(area);
  for (const name of ["font", "letterSpacing", "padding", "direction", "tabSize"]) {
    copy.style[name] = style[name];
  }
  copy.className = "caret-finder";
  copy.style.inlineSize = `${area.clientWidth}px`;
  copy.textContent = area.value.slice(0, from);
  const caret = document.createElement("span");
  caret.textContent = "\u200b";
  copy.append(caret);
  area.after(copy);
  const { offsetLeft, offsetTop, offsetHeight } = caret;
  copy.remove();
  const most = Math.max(0, area.clientWidth - list.offsetWidth);
  list.style.left = `${area.offsetLeft + Math.min(offsetLeft, most)}px`;
  const line = area.offsetTop + offsetTop - area.scrollTop;
  list.style.top = `${line + offsetHeight}px`;
  const view = list.closest(".scroll").getBoundingClientRect();
  const { top, bottom, height } = list.getBoundingClientRect();
  if (bottom > view.bottom && top - offsetHeight - view.top > view.bottom - top) {
    list.style.top = `${line - height}px`;
  }
}
