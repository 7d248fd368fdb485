// Saves what is written in the editor a second after the last key and when the page is left, and
// says whether it is saved: only once the server has said so. What can't be saved stays in the
// page, with the reason over it. Nothing goes over what was saved elsewhere: that gets a page of
// its own.
import { isLeft, leave, newer } from "./on-its-way.js";
import { post, Refused } from "./post.js";

const REST_MS = 1000;
const TITLE_REST_MS = 4000;
// Whoever writes without a rest is saved in between.
const LONGEST_MS = 10_000;
const AGAIN_MS = 5000;
// What a browser sends on its way out; 64 kB, of which a character can take nine.
const MOST_ON_LEAVING = 7000;
const LINK = /\[\[([^[\]\n]{1,200})\]\]/g;
const form = document.getElementById("editor");
const { title, body, version, base, base_title: baseTitle } = form.elements;
const chip = document.querySelector("[data-state]");
const trouble = document.querySelector("[data-trouble]");
const sentences = document.getElementById("sentences").content;
// Renaming a note mends the links to it, so a title counts when it has been written to its end: when
// it is left, or has rested for long. One without a word would lose the links.
let heading = title.value;
// Whoever only looks at what was proposed, and leaves, has saved nothing.
let isProposed = "proposed" in form.dataset;
// What a refused form shows isn't saved.
let saved = "unsaved" in form.dataset ? "" : words();
// Sent, and perhaps arrived: it goes out once more, and as it was, before anything else does.
let tried = null;
let saving = null;
let rest = 0;
let titleRest = 0;
let since = 0;
let reason = "";
let leaving = false;
let followed = null;

if (isProposed) show("unsaved");
if (form.dataset.note && isLeft(form.dataset.note, version.value)) catchUp();

form.addEventListener("input", ({ target }) => {
  if (!reason) show("unsaved");
  clearTimeout(titleRest);
  if (target === title && form.dataset.note) {
    if (title.value.trim()) titleRest = setTimeout(saveAll, TITLE_REST_MS);
    return;
  }
  if (target === title) settleTitle();
  since ||= Date.now();
  saveSoon(Math.min(REST_MS, Math.max(0, since + LONGEST_MS - Date.now())));
});

title.addEventListener("change", saveAll);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  settleTitle();
  // Also a title alone, which a link has brought along.
  if (!form.dataset.note || isProposed) saved = "";
  await saveWhole();
  if (!isDirty() && form.dataset.note) go(() => location.assign(form.dataset.note));
  else if (isDirty() && reason === "elsewhere") go(() => form.submit());
});

// The next page is asked for when these words are saved; a second click doesn't wait.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link === followed || link.getAttribute("href").startsWith("#")) return;
  settleTitle();
  if (!isDirty()) return;
  event.preventDefault();
  followed = link;
  await saveWhole();
  if (followed === link) location.assign(link.href);
});

document.addEventListener("visibilitychange", () => document.hidden && saveAll());
addEventListener("pagehide", saveAll);
addEventListener("online", save);
// Perhaps the person has come from the tab in which they signed in again.
addEventListener("focus", () => reason && reason !== "refused" && save());
addEventListener("pageshow", () => (leaving = false));
// Whoever goes on writing here isn't led away any more.
form.addEventListener("input", () => (followed = null));

addEventListener("beforeunload", (event) => {
  settleTitle();
  const isOnItsWay = !saving && !reason && isSmall();
  if (leaving || !isDirty()) return;
  if (!isOnItsWay) return event.preventDefault();
  // Sent before the browser asks for the next page, which can still be quicker.
  if (form.dataset.note) leave(form.dataset.note, version.value);
  save();
});

// Who was signed out elsewhere is led to the sign-in page, but not away from words unsaved.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401 || !isDirty()) return;
  event.preventDefault();
  explain("signed-out");
});

trouble.addEventListener("click", ({ target }) => {
  if (target.closest("[data-compare]")) go(() => form.submit());
});

// The words that were on their way when this note was left.
async function catchUp() {
  title.readOnly = body.readOnly = true;
  show("saving");
  const fresh = (await newer(form.action, version.value))?.getElementById("editor").elements;
  for (const field of fresh ? [title, body, version, base, baseTitle] : []) {
    field.value = fresh[field.name].value;
  }
  settleTitle();
  saved = words();
  title.readOnly = body.readOnly = false;
  show("");
}

function words() {
  return JSON.stringify([heading, body.value]);
}

function settleTitle() {
  heading = title.value;
}

function saveAll() {
  settleTitle();
  save();
}

// A new note without a word is none.
function isDirty() {
  return words() !== saved && Boolean(form.dataset.note || heading.trim() || body.value.trim());
}

const isSmall = () => title.value.length + body.value.length < MOST_ON_LEAVING;

function saveSoon(ms) {
  clearTimeout(rest);
  rest = setTimeout(save, ms);
}

async function saveWhole() {
  while (isDirty() && (await save()));
}

// Whether it went through. One at a time: the next one needs the version that this one makes.
function save() {
  saving ??= send().finally(() => (saving = null));
  return saving;
}

async function send() {
  clearTimeout(rest);
  if (!isDirty() || reason === "elsewhere") return false;
  tried ??= { data: data(), words: words() };
  if (!reason) show("saving");
  try {
    const response = await post(form, tried.data, "application/json", isSmall()).catch(askAgain);
    arrived(await response.json());
    return true;
  } catch (fault) {
    failed(fault);
    return false;
  }
}

// Where only links were changed meanwhile, by another note's new title, what the words grew from
// tells so.
function askAgain(fault) {
  if (fault.status !== 409) throw fault;
  const { data } = tried;
  data.set(base.name, base.value);
  data.set(baseTitle.name, baseTitle.value);
  return post(form, data, "application/json").catch((another) => {
    throw another.status ? fault : another;
  });
}

function data() {
  const all = new FormData(form);
  all.set("title", heading);
  // Only where something was changed meanwhile does it count what the words grew from.
  all.delete(base.name);
  all.delete(baseTitle.name);
  return all;
}

function arrived(answer) {
  [baseTitle.value, base.value] = JSON.parse(tried.words);
  if (answer.renamed) follow(answer.renamed);
  saved = JSON.stringify([baseTitle.value, base.value]);
  tried = null;
  isProposed = false;
  since = 0;
  version.value = answer.version;
  if (!form.dataset.note) settle(answer);
  explain("");
  show(isDirty() || heading !== title.value ? "unsaved" : "saved");
  if (isDirty()) saveSoon(REST_MS);
}

// The links lead on, in what was saved and in what is written, where the caret stays at its letter.
function follow(renamed) {
  const names = new Map(Object.entries(renamed));
  const led = (link, name) => (names.has(name) ? `[[${names.get(name)}]]` : link);
  base.value = base.value.replace(LINK, led);
  for (const { 0: link, 1: name, index } of [...body.value.matchAll(LINK)].reverse()) {
    body.setRangeText(led(link, name), index, index + link.length, "preserve");
  }
}

// The new note has a place now; loading the page again shows it there.
function settle({ note, edit }) {
  form.dataset.note = note;
  form.action = edit;
  history.replaceState(null, "", edit);
  document.querySelector("[data-back]").href = note;
  const h1 = document.querySelector("h1");
  const said = sentence("editing").textContent;
  document.title = document.title.replace(h1.textContent, said);
  h1.textContent = said;
}

function failed(fault) {
  const status = fault instanceof Refused ? fault.status : 0;
  // Anything else may have arrived.
  if (fault instanceof Refused && status < 500) tried = null;
  show("");
  if (status === 409) explain("elsewhere");
  else if (fault.sentence) explain("refused", fault.sentence);
  else explain(fault.reason || "offline");
  if (reason === "offline") saveSoon(AGAIN_MS);
}

function show(name) {
  const said = name ? sentence(name).textContent : "";
  if (chip.textContent !== said) chip.textContent = said;
  chip.hidden = !said;
  chip.classList.toggle("accent", name === "saved");
}

function explain(name, told = "") {
  // An alert that is set again is read out again.
  if (name === reason && !told) return;
  reason = name;
  trouble.hidden = !name;
  const said = name && !told ? sentence(name) : null;
  trouble.querySelector("p").replaceChildren(...(said ? said.cloneNode(true).childNodes : [told]));
}

function sentence(name) {
  return sentences.querySelector(`[data-name="${name}"]`);
}

function go(away) {
  leaving = true;
  away();
}
