// The markdown subset the two clients show (protocols/wecom.md 4.2, protocols/dingtalk.md 5.3), as DOM nodes.
// Everything not recognised stays literal text; nothing is ever parsed as HTML.

import { append, h, link, safeUrl } from "./dom.js";

const INLINE =
  /\*\*(?<bold>[^\n]+?)\*\*|(?<![\w*])\*(?<italic>[^\s*][^*\n]*?)\*(?![\w*])|`(?<code>[^`\n]+)`|!\[(?<alt>[^\]\n]*)\]\((?<img>[^)\s]+)\)|\[(?<label>[^\]\n]+)\]\((?<href>[^)\s]+)\)|<font\s+color=["']?(?<color>info|comment|warning)["']?\s*>(?<tinted>[\s\S]*?)<\/font>|(?<br><br\s*\/?>)/gi;

export function inline(text, dialect) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, match.index), span(match, dialect));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

function span({ 0: whole, groups: g }, dialect) {
  const inner = (text) => inline(text, dialect);
  if (!dialect.rich && (g.italic !== undefined || g.img !== undefined)) return whole;
  if (g.bold !== undefined) return h("strong", {}, inner(g.bold));
  if (g.italic !== undefined) return h("em", {}, inner(g.italic));
  if (g.code !== undefined) return h("code", {}, g.code);
  if (g.label !== undefined) return safeUrl(g.href) ? link(g.href, inner(g.label)) : whole;
  if (g.img !== undefined) return safeUrl(g.img) ? h("img.md-image", { src: safeUrl(g.img), alt: g.alt, loading: "lazy" }) : whole;
  if (g.color !== undefined) return h(`span.font-${g.color.toLowerCase()}`, {}, inner(g.tinted));
  return h("br");
}

const BLOCKS = [
  { name: "heading", test: /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/ },
  { name: "rule", test: /^\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/ },
  { name: "quote", test: /^\s{0,3}>\s?(.*)$/ },
  { name: "bullet", test: /^\s*[-*+]\s+(.*)$/ },
  { name: "number", test: /^\s*(\d{1,3})[.、]\s+(.*)$/ },
];

const RICH_ONLY = new Set(["rule", "bullet", "number"]);

function classify(line, dialect) {
  for (const { name, test } of BLOCKS) {
    const match = dialect.rich || !RICH_ONLY.has(name) ? line.match(test) : null;
    if (match) return { name, match };
  }
  return { name: line.trim() ? "text" : "blank", match: [line, line] };
}

/** WeCom breaks at every line end and knows no lists, pictures, rules or italics. */
export const WECOM = { rich: false, hardBreaks: true };
/** DingTalk joins lines that have no two blanks at their end. */
export const DINGTALK = { rich: true, hardBreaks: false };

export function markdown(text, dialect) {
  const root = h("div.md");
  let open = null; // the block that the next line may continue
  for (const raw of String(text ?? "").replace(/\r\n?/g, "\n").split("\n")) {
    const { name, match } = classify(raw, dialect);
    if (name === "blank") open = null;
    else if (name === "heading") open = void root.append(heading(match, dialect));
    else if (name === "rule") open = void root.append(h("hr"));
    else if (name === "bullet" || name === "number") open = item(root, open, name, match, dialect);
    else open = line(root, open, name, match[1], dialect);
  }
  return root;
}

function heading([, marks, words], dialect) {
  return h(`div.md-h${marks.length}`, { role: "heading", "aria-level": marks.length + 2 }, inline(words, dialect));
}

function item(root, open, name, match, dialect) {
  let list = open?.name === name ? open.list : null;
  if (!list) {
    list = h(name === "bullet" ? "ul" : "ol", name === "number" ? { start: Number(match[1]) } : {});
    root.append(list);
  }
  const node = append(h("li"), inline(match.at(-1).trimEnd(), dialect));
  list.append(node);
  return { name, list, node, hard: /\s\s$/.test(match[0]) };
}

function line(root, open, name, text, dialect) {
  const hard = / {2,}$/.test(text);
  const joins = open && (open.name === name || (name === "text" && (open.name === "bullet" || open.name === "number")));
  if (joins) {
    append(open.node, [dialect.hardBreaks || open.hard ? h("br") : " ", inline(text.trim(), dialect)]);
    return { ...open, hard };
  }
  const node = append(h(name === "quote" ? "blockquote" : "p"), inline(text.trim(), dialect));
  root.append(node);
  return { name, node, hard };
}

/** WeCom text: line breaks and <a href="…"> only (protocols/wecom.md 4.2). */
export function wecomText(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(/<a\s+href=(["'])(https?:\/\/[^"'<>\s]+)\1\s*>([^<]*)<\/a>/gi)) {
    nodes.push(linkify(text.slice(from, match.index)), link(match[2], match[3]));
    from = match.index + match[0].length;
  }
  nodes.push(linkify(text.slice(from)));
  return nodes;
}

/** Bare addresses become links, as both clients do. */
export function linkify(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(/https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/g)) {
    nodes.push(text.slice(from, match.index), link(match[0], match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

/** textcard.description: div classes gray, highlight, normal and <br> (protocols/wecom.md 4.2). */
export function textcardBody(text) {
  const root = h("div.textcard-body");
  for (const part of String(text ?? "").matchAll(/<div\s+class=["']?(gray|highlight|normal)["']?\s*>([\s\S]*?)<\/div>|((?:(?!<div\s+class)[\s\S])+)/gi)) {
    const lines = (part[2] ?? part[3]).split(/<br\s*\/?>|\n/i);
    const block = h("div", { class: part[1] ? `tc-${part[1].toLowerCase()}` : "" });
    lines.forEach((one, index) => append(block, [index ? h("br") : null, one]));
    if (block.textContent.trim()) root.append(block);
  }
  return root;
}
