// HTML from elsewhere as Markdown. It is only read: in a document of its own, where nothing is
// loaded or run, and of which nothing but text goes on.
import { linkable } from "./writing.js";

const MOST = 500_000;
const RICH = "h1,h2,h3,h4,h5,h6,b,strong,i,em,a[href],ul,ol,blockquote,pre,code,table";
const UNSEEN = "script,style,template,noscript,iframe,object,svg,math,select,textarea,title";
const BLOCKS =
  "address,article,aside,blockquote,body,caption,center,dd,details,div,dl,dt,fieldset,figcaption," +
  "figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,li,main,nav,ol,p,pre,section,summary,table," +
  "tbody,td,tfoot,th,thead,tr,ul";
const MARKS = { B: "**", STRONG: "**", I: "*", EM: "*" };

// "" where the plain text says as much.
export function markdown(html) {
  if (html.length > MOST) return "";
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return body.querySelector(RICH) ? blocks(body).join("\n\n") : "";
}

function blocks(parent) {
  const found = [];
  let words = "";
  const close = () => {
    if (words.trim()) found.push(paragraph(words));
    words = "";
  };
  for (const node of seen(parent)) {
    if (node.matches?.(BLOCKS) || node.querySelector?.(BLOCKS)) {
      close();
      found.push(...block(node));
    } else {
      words = joined(words, inline(node));
    }
  }
  close();
  return found;
}

const seen = (parent) =>
  [...parent.childNodes].filter(
    (node) => node.nodeType === Node.TEXT_NODE || (node.matches && !node.matches(UNSEEN)),
  );

// An exclamation mark would make a picture of the link after it.
const joined = (words, more) =>
  more.startsWith("[") && words.endsWith("!") ? `${words.slice(0, -1)}\\!${more}` : words + more;

function block(element) {
  const level = /^H([1-6])$/.exec(element.tagName)?.[1];
  if (level) return line(element) ? [`${"#".repeat(level)} ${line(element)}`] : [];
  if (element.matches("ul,ol")) return list(element);
  if (element.matches("pre")) return [fenced(element)];
  if (element.matches("table") && isData(element)) return [table(element)];
  const inner = blocks(element);
  if (!element.matches("blockquote") || !inner.length) return inner;
  return [inner.join("\n\n").replace(/^/gm, "> ").replace(/^> $/gm, ">")];
}

// `within` are the marks that hold already, and "a" in a link.
function inline(node, within = []) {
  if (node.nodeType === Node.TEXT_NODE) return escaped(node.data, within.includes("a"));
  if (node.matches("br")) return "\n";
  if (node.matches("code,tt,kbd,samp")) return span(node.textContent.replace(/\s+/g, " "));
  const mark = markOf(node);
  const isNew = mark && !within.includes(mark);
  const inside = isNew ? [...within, mark] : within;
  const words = seen(node).reduce((all, child) => joined(all, inline(child, inside)), "");
  if (mark === "a") return link(node, words);
  return isNew ? words.replace(/[^\n]+/g, (one) => around(one, mark)) : words;
}

function markOf(element) {
  if (element.matches("a[href]") && addressOf(element)) return "a";
  // Word processors wrap all they copy into a <b> that isn't bold.
  const isPlain = /font-weight:\s*(?:normal|400)/i.test(element.getAttribute("style"));
  return isPlain ? "" : MARKS[element.tagName];
}

// A mark beside a blank is none.
function around(words, mark) {
  const [, before, inner, after] = /^(\s*)(.*?)(\s*)$/s.exec(words);
  return inner ? before + mark + inner + mark + after : words;
}

const addressOf = (link) => linkable(link.getAttribute("href").trim());

function link(element, words) {
  const [, before, inner, after] = /^(\s*)(.*?)(\s*)$/.exec(words.replace(/\s+/g, " "));
  const address = addressOf(element);
  if (!inner || element.textContent.trim() === address) return before + (inner && address) + after;
  return `${before}[${inner}](${address})${after}`;
}

function span(words) {
  const runs = words.match(/`+/g) ?? [];
  if (!words.trim()) return words;
  const marks = "`".repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const room = runs.length ? " " : "";
  return marks + room + words + room + marks;
}

function fenced(element) {
  const words = element.textContent.replace(/\n$/, "");
  const runs = words.match(/`{3,}/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  const code = element.querySelector("code[class]") ?? element;
  const language = /(?:^|\s)language-([\w+#-]{1,30})(?:\s|$)/.exec(code.className)?.[1] ?? "";
  return `${fence}${language}\n${words}\n${fence}`;
}

function list(element) {
  let number = Math.min(Math.max(0, element.start ?? 1), 999_999);
  const items = [];
  for (const child of element.children) {
    if (child.matches("ul,ol") && items.length) {
      // Some put the inner list beside its item.
      items.push(list(child).join("\n").replace(/^(?=.)/gm, "    "));
      continue;
    }
    const parts = blocks(child);
    const mark = element.matches("ol") ? `${number++}. ` : "- ";
    const isList = (part) => /^(?:-|\d+\.) /.test(part);
    const words = parts.reduce(
      (all, part) => (all === null ? part : all + (isList(part) ? "\n" : "\n\n") + part),
      null,
    );
    if (words === null) continue;
    const box = child.querySelector("input[type=checkbox]");
    const isOwn = box && box.closest("li") === child;
    const task = isOwn ? (box.hasAttribute("checked") ? "[x] " : "[ ] ") : "";
    items.push(mark + task + words.replace(/\n(?=[^\n])/g, `\n${" ".repeat(mark.length)}`));
  }
  return items.length ? [items.join("\n")] : [];
}

// Some pages are laid out by tables.
function isData(element) {
  if (element.querySelector("table") || element.closest("li")) return false;
  return [...element.rows].some((row) => row.cells.length > 1);
}

function table(element) {
  const rows = [...element.rows].map((row) =>
    [...row.cells].flatMap((cell) => [
      line(cell).replace(/(?<!\\)\|/g, "\\|"),
      ...Array(Math.min(cell.colSpan, 50) - 1).fill(""),
    ]),
  );
  const width = Math.max(...rows.map((row) => row.length));
  const [head, ...rest] = rows.map((row) => {
    const cells = [...row, ...Array(width - row.length).fill("")];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, `|${" --- |".repeat(width)}`, ...rest].join("\n");
}

const line = (element) => blocks(element).join(" ").replace(/\s+/g, " ").trim();

// Each line as words, whatever it begins with.
function paragraph(words) {
  return words
    .replace(/\*{4}/g, "")
    .split("\n")
    .map((one) => one.replace(/[^\S\u00a0]+/g, " ").trim())
    .map((one) => one.replace(/^(?=#{1,6}(?: |$)|>|[-+](?: |$)|(?:-+|=+|~{3,}.*)$)/, "\\"))
    .map((one) => one.replace(/^(\d{1,9})(?=[.)](?: |$))/, "$1\\"))
    .join("\n")
    .replace(/^\n+|\n+$/g, "")
    .replace(/\n{3,}/g, "\n\n");
}

// Text that happens to look like a mark stays text. An opening bracket keeps its look, since with a
// backslash it could begin a formula; in a link both are written as what they stand for.
function escaped(text, isInLink) {
  const words = text
    .replace(/\s+/g, (blank) => (blank.includes("\u00a0") ? "\u00a0" : " "))
    .replace(/[\\`*<]|~(?=~)|\$(?![\s\d])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|&(?=#?\w+;)/gu, "\\$&");
  if (isInLink) return words.replaceAll("[", "&#91;").replaceAll("]", "&#93;");
  return words.replace(/\](?=[([:\]])|(?<=\])\]|(?<=^\s*\[[ xX])\]/g, "\\]");
}
