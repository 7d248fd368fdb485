// One reply in the page: takes the events of its stream, and shows and reads them out.
import { Hearing } from "./hearing.js";
import { worded } from "./message.js";

const SILENT_MS = 10_000;
const NEAR_PX = 24;

export class Reply {
  constructor(article) {
    this.article = article;
    this.body = article.querySelector("[data-words]");
    this.waiting = article.querySelector("[data-waiting]");
    this.thoughts = article.querySelector(".thinking");
    this.stop = article.querySelector("[data-stop]");
    this.hearing = new Hearing(this.body);
    this.offset = 0;
    this.fresh = true;
    this.over = false;
    this.silence = 0;
  }

  get address() {
    return this.article.dataset.stream;
  }

  take(name, id, data) {
    this.calm();
    if (name === "words") this.say(data.words);
    if (name === "thinking") this.think(data);
    if (name === "lookups") this.lookUps(data.html);
    if (name === "block") this.block(data);
    if (name === "tail") this.grow(data.text);
    if (name === "done") return this.finish(data);
    if (id) this.offset = Number(id);
    if (!this.fresh) this.silence = setTimeout(() => this.pause(), SILENT_MS);
  }

  // Nobody knows any longer whether the model is silent.
  calm() {
    clearTimeout(this.silence);
    if (this.paused) this.say("");
  }

  // This page gets no more of it; it may still be written.
  leave() {
    this.calm();
    this.over = true;
    this.say("");
    this.stop?.remove();
    this.article.removeAttribute("aria-busy");
  }

  comeBack() {
    this.over = false;
    if (this.stop) this.article.append(this.stop);
    this.article.setAttribute("aria-busy", "true");
  }

  say(text) {
    this.paused = false;
    if (!this.waiting) return;
    this.waiting.textContent = text;
    this.waiting.hidden = !text;
  }

  pause() {
    this.say(worded("paused").textContent);
    this.paused = true;
  }

  think({ text, from }) {
    if (!this.thoughts) return;
    this.thoughts.hidden = false;
    const place = this.thoughts.querySelector("[data-thinking]");
    const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_PX;
    if (from === 0) place.textContent = "";
    place.append(text);
    if (atEnd) place.scrollTop = place.scrollHeight;
  }

  lookUps(html) {
    const place = this.article.querySelector("[data-lookups]");
    place.innerHTML = html;
    place.hidden = !place.childElementCount;
  }

  block({ html, rest }) {
    this.clearOnce();
    this.say("");
    const tail = this.tail;
    const next = tail.cloneNode(false);
    const block = document.createElement("div");
    block.innerHTML = html;
    this.hearing.block(block);
    tail.before(...block.childNodes);
    tail.replaceWith(next);
    if (rest) this.grow(rest);
  }

  grow(text) {
    this.clearOnce();
    this.say("");
    this.tail.append(text);
    this.tail.normalize();
    this.hearing.grow(text);
  }

  finish({ html, state }) {
    this.over = true;
    const holder = document.createElement("div");
    holder.innerHTML = html;
    const done = holder.firstElementChild;
    const ending = worded(state === "done" ? "done" : "ended").textContent;
    this.hearing.end(done.querySelector("[data-words]"), ending);
    exchange(this.article, done);
    // Its cards are pressed in place.
    window.htmx?.process(done);
    this.article = done;
  }

  clearOnce() {
    if (!this.fresh) return;
    this.fresh = false;
    this.body.replaceChildren();
  }

  get tail() {
    let tail = this.body.querySelector(":scope > .tail");
    if (!tail) {
      tail = Object.assign(document.createElement("p"), { className: "tail" });
      this.body.append(tail);
    }
    return tail;
  }
}

// One article for another: the reader's place, in the thoughts too, and the keyboard's stay.
export function exchange(before, after) {
  const focused = before.contains(document.activeElement);
  const [old, thoughts] = [before, after].map((article) => article.querySelector(".thinking"));
  const place = old?.querySelector("[data-thinking]").scrollTop;
  before.replaceWith(after);
  if (old?.open && thoughts) {
    thoughts.open = true;
    thoughts.querySelector("[data-thinking]").scrollTop = place;
  }
  if (!focused) return;
  after.tabIndex = -1;
  after.focus({ preventScroll: true });
}
