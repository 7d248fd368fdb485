// Reads a growing reply out to screen readers: in sentences, each of them once. Its blocks come
// rendered and its end as Markdown, so what was said is counted in letters: both have the same.
const place = document.getElementById("heard");
const KEPT = 12;
const SENTENCE_END = /[.!?…]["'”’)*_]*\s|[。！？]|\n\n/gu;

export class Hearing {
  // What the page shows already isn't read out.
  constructor(words) {
    this.known = letters(textOf(words));
    this.told = this.known;
    this.closed = 0;
    this.reopen();
    place.replaceChildren();
  }

  reopen() {
    this.pending = "";
    this.from = this.closed;
  }

  block(element) {
    const text = textOf(element);
    read(after(text, this.told - this.closed));
    this.closed += letters(text);
    this.told = Math.max(this.closed, this.known);
    this.reopen();
  }

  grow(text) {
    this.pending += text;
    const known = Math.min(this.told - this.from, letters(this.pending));
    this.pending = after(this.pending, known);
    this.from += known;
    const ends = [...this.pending.matchAll(SENTENCE_END)];
    if (!ends.length) return;
    const last = ends.at(-1);
    const sentences = this.pending.slice(0, last.index + last[0].length);
    read(sentences.replace(/[*_`#|~>]/g, ""));
    this.told += letters(sentences);
    this.pending = this.pending.slice(sentences.length);
    this.from = this.told;
  }

  // The whole reply, and the words after it.
  end(words, ending) {
    read(after(textOf(words), this.told));
    read(ending);
  }
}

function read(text) {
  if (!/[\p{L}\p{N}]/u.test(text)) return;
  // The end of a sentence that was read already, as in "[1]."
  const textContent = text.replace(/^[\s\]),.;:!?…”’]+/u, "").trim();
  place.append(Object.assign(document.createElement("p"), { textContent }));
  while (place.childElementCount > KEPT) place.firstElementChild.remove();
}

// Without what scripts have added.
function textOf(element) {
  const copy = element.cloneNode(true);
  for (const button of copy.querySelectorAll("button")) button.remove();
  return copy.textContent;
}

// The number of an item is drawn by the browser, and is in no text.
const letters = (text) =>
  text.replace(/^\s*\d+[.)]\s/gm, "").match(/[\p{L}\p{N}]/gu)?.length ?? 0;

// What follows the first `count` letters.
function after(text, count) {
  if (count <= 0) return text;
  let left = count;
  const numbered = /^\s*\d+[.)]\s|([\p{L}\p{N}])/gmu;
  for (const found of text.matchAll(numbered)) {
    if (found[1] && (left -= 1) === 0) return text.slice(found.index + found[0].length);
  }
  return "";
}
