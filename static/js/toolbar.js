// The marks of Markdown at the press of a button or of Ctrl+B and Ctrl+I; pressed again, most of
// them go. One Tab leads to the buttons, the arrow keys go from one to the next.
import { linesAround, replace } from "./writing.js";

const bar = document.querySelector("[data-toolbar]");
const area = document.getElementById(bar.getAttribute("aria-controls"));
const buttons = [...bar.querySelectorAll("button")];
const KEYS = { b: "bold", i: "italic" };
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const ITEM = /^([ \t]*)(?:[-*+] (?:\[[ xX]\] )?|\d{1,9}[.)] )?/;
const FORMATS = {
  heading: () => onLines(nextHeading),
  bold: () => emphasize(2),
  italic: () => emphasize(1),
  list: () => onLines(marked(/^[ \t]*[-*+] (?!\[[ xX]\] )/, ITEM, "$1- ")),
  checklist: () => onLines(marked(/^[ \t]*[-*+] \[[ xX]\] /, ITEM, "$1- [ ] ")),
  quote: () => onLines(marked(/^> ?/, /^/, "> ")),
  code,
  link,
  table,
};

bar.hidden = false;
stopAt(buttons[0]);

// The text keeps the focus, and a phone its keyboard.
bar.addEventListener("mousedown", (event) => event.preventDefault());
bar.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  stopAt(button);
  FORMATS[button.dataset.format]();
});
bar.addEventListener("focusin", ({ target }) => stopAt(target));
bar.addEventListener("keydown", (event) => {
  const here = buttons.indexOf(event.target);
  const isRightToLeft = getComputedStyle(bar).direction === "rtl";
  const step = (STEPS[event.key] ?? 0) * (isRightToLeft ? -1 : 1);
  let next = step ? buttons.at((here + step) % buttons.length) : null;
  if (event.key === "Home") next = buttons[0];
  if (event.key === "End") next = buttons.at(-1);
  if (!next) return;
  event.preventDefault();
  next.focus();
});

area.addEventListener("keydown", (event) => {
  const format = KEYS[event.key.toLowerCase()];
  if (!format || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  FORMATS[format]();
});

function stopAt(button) {
  for (const one of buttons) one.tabIndex = one === button ? 0 : -1;
}

const selection = () => area.value.slice(area.selectionStart, area.selectionEnd);

// What `change` makes of the lines that are selected.
function onLines(change) {
  const { start, end } = linesAround(area.value, area.selectionStart, area.selectionEnd);
  const before = area.value.slice(start, end);
  const after = change(before.split("\n")).join("\n");
  if (before.includes("\n")) return replace(area, start, end, after, start, start + after.length);
  // The caret stays at its letter.
  const place = Math.max(start, area.selectionStart + after.length - before.length);
  replace(area, start, end, after, place, Math.max(place, area.selectionEnd + after.length - before.length));
}

// Of one level more, and after the third none again.
function nextHeading(lines) {
  const [marks] = /^#{0,6}(?= )/.exec(lines[0]) ?? [""];
  const next = marks.length < 3 ? `${"#".repeat(marks.length + 1)} ` : "";
  return lines.map((line) => (line || lines.length === 1 ? line.replace(/^(?:#{1,6} )?/, next) : line));
}

// Lines that all have the mark lose it; else those without it get it in the place of another.
function marked(mark, place, words) {
  return (lines) => {
    const full = lines.filter((line) => line.trim());
    if (full.length && full.every((line) => mark.test(line))) {
      return lines.map((line) => line.replace(mark, (found) => /^[ \t]*/.exec(found)[0]));
    }
    return lines.map((line) =>
      (line.trim() || lines.length === 1) && !mark.test(line) ? line.replace(place, words) : line,
    );
  };
}

// One asterisk on both sides is italic, two are bold, three are both.
function emphasize(count) {
  if (selection().includes("\n")) return onLines((lines) => emphasized(lines, count));
  const text = area.value;
  let [from, to] = trimmed(text, area.selectionStart, area.selectionEnd);
  const caret = from === to ? from : null;
  if (caret !== null) [from, to] = wordAround(text, caret);
  while (text[from] === "*" && text[to - 1] === "*" && to - from > 2) [from, to] = [from + 1, to - 1];
  const has = Math.min(
    /\**$/.exec(text.slice(0, from))[0].length,
    /^\**/.exec(text.slice(to))[0].length,
  );
  const marks = "*".repeat(count);
  if (count === 2 ? has >= 2 : has % 2) {
    const inner = text.slice(from, to);
    const start = from - count;
    const at = caret === null ? [start, start + inner.length] : [caret - count];
    return replace(area, start, to + count, inner, ...at);
  }
  const at = caret === null ? [from + count, to + count] : [caret + count];
  replace(area, from, to, marks + text.slice(from, to) + marks, ...at);
}

function emphasized(lines, count) {
  const marks = "*".repeat(count);
  const parts = lines.map((line) => {
    const [start] = /^(?:[ \t]*> ?)*[ \t]*(?:#{1,6} |[-*+] (?:\[[ xX]\] )?|\d{1,9}[.)] )?/.exec(line);
    return [start, line.slice(start.length).trim()];
  });
  const full = parts.filter(([, words]) => words);
  const isOn = full.every(([, words]) => {
    const has = Math.min(/^\**/.exec(words)[0].length, /\**$/.exec(words)[0].length);
    return words.length > 2 * count && (count === 2 ? has >= 2 : has % 2);
  });
  return parts.map(([start, words]) => {
    if (!words) return start;
    return start + (isOn ? words.slice(count, -count) : marks + words + marks);
  });
}

// A mark beside a blank is none.
function trimmed(text, from, to) {
  while (from < to && /\s/.test(text[from])) from += 1;
  while (from < to && /\s/.test(text[to - 1])) to -= 1;
  return [from, to];
}

function wordAround(text, place) {
  const before = /[\p{L}\p{M}\p{N}]*$/u.exec(text.slice(0, place))[0].length;
  const after = /^[\p{L}\p{M}\p{N}]*/u.exec(text.slice(place))[0].length;
  return [place - before, place + after];
}

function code() {
  const words = selection();
  const longest = Math.max(0, ...(words.match(/`+/g) ?? []).map((run) => run.length));
  if (words.includes("\n")) {
    const { start, end } = linesAround(area.value, area.selectionStart, area.selectionEnd);
    const fence = "`".repeat(Math.max(3, longest + 1));
    const inner = area.value.slice(start, end);
    const at = start + fence.length + 1;
    return replace(area, start, end, `${fence}\n${inner}\n${fence}`, at, at + inner.length);
  }
  const [from, to] = trimmed(area.value, area.selectionStart, area.selectionEnd);
  if (area.value[from - 1] === "`" && area.value[to] === "`") {
    return replace(area, from - 1, to + 1, area.value.slice(from, to), from - 1, to - 1);
  }
  const mark = "`".repeat(longest + 1);
  const room = longest ? " " : "";
  const at = from + mark.length + room.length;
  const inner = area.value.slice(from, to);
  replace(area, from, to, mark + room + inner + room + mark, at, at + inner.length);
}

function link() {
  const [from, to] = trimmed(area.value, area.selectionStart, area.selectionEnd);
  const around = linkAround(area.value, from, to);
  if (around) return unlink(around);
  const words = area.value.slice(from, to);
  if (/^(?:https?:\/\/|mailto:)\S+$/.test(words)) return replace(area, from, to, `[](${words})`, from + 1);
  // Where something is still to be written: the words of the link, or its address.
  const next = words ? from + words.length + 3 : from + 1;
  replace(area, from, to, `[${words}]()`, next);
}

// The link that a range is in.
function linkAround(text, from, to) {
  const { start, end } = linesAround(text, from);
  for (const found of text.slice(start, end).matchAll(/\[([^[\]]*)\]\(([^()\s]*)\)/g)) {
    const at = start + found.index;
    if (at < from && to < at + found[0].length) return { at, found };
  }
  return null;
}

// One without an address goes, of another one the address is selected, to be written anew.
function unlink({ at, found: [all, words, address] }) {
  const end = at + all.length;
  if (address) area.setSelectionRange(end - 1 - address.length, end - 1);
  else replace(area, at, end, words, at, at + words.length);
}

// After the table that the caret is in, if any: none stands in another one.
function tableEnd(text, place) {
  let { start, end } = linesAround(text, place);
  const isRow = () => text.slice(start, end).includes("|");
  let last = null;
  while (isRow()) {
    last = end;
    if (end === text.length) break;
    ({ start, end } = linesAround(text, end + 1));
  }
  return last ?? place;
}

function table() {
  const { start, end } = linesAround(area.value, tableEnd(area.value, area.selectionEnd));
  const isEmpty = !area.value.slice(start, end).trim();
  const from = isEmpty ? start : end;
  const name = bar.dataset.column;
  const before = area.value.slice(0, from);
  const lead = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const rows = `| ${name} 1 | ${name} 2 |\n| --- | --- |\n|  |  |`;
  const tail = area.value.slice(end).startsWith("\n\n") || end === area.value.length ? "\n" : "\n\n";
  const at = from + lead.length + 2;
  replace(area, from, end, lead + rows + tail, at, at + name.length + 2);
}
