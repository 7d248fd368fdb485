// Writes into a text as if by keys, so that the browser can undo it, and finds one's way in it.

// Chromium takes a second for so many, and four times as long for twice as many.
const MOST_LINES = 300;

// Puts `words` in the place of a range and selects from `start` to `end`, else stands after them.
export function replace(area, from, to, words, start = from + words.length, end = start) {
  area.focus();
  area.setSelectionRange(from, to);
  // Deprecated, and still the only way into the history of what can be undone.
  const isShort = words.split("\n", MOST_LINES + 1).length <= MOST_LINES;
  const wrote = words
    ? isShort && document.execCommand("insertText", false, words)
    : from === to || document.execCommand("delete");
  if (!wrote) {
    area.setRangeText(words, from, to);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(start, end);
}

// The whole lines that a range touches.
export function linesAround(text, from, to = from) {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const end = text.indexOf("\n", to);
  return { start, end: end < 0 ? text.length : end };
}

// Whether a place is in a fenced block of code, where nothing is Markdown.
export function isInCode(text, place) {
  let fence = "";
  for (const line of text.slice(0, linesAround(text, place).start).split("\n")) {
    const [, marks, info] = /^[ \t>]*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (!marks) continue;
    if (!fence) fence = marks;
    else if (marks.startsWith(fence) && !info.trim()) fence = "";
  }
  return Boolean(fence);
}

// An address that may stand in the round brackets of a link, or "".
export function linkable(address) {
  if (!URL.canParse(address)) return "";
  const { protocol, href } = new URL(address);
  if (!["http:", "https:", "mailto:"].includes(protocol)) return "";
  return href.replace(/[()<>[\]\\|*`]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
