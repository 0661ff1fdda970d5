// The markdown subset the two clients show (protocols/wecom.md 4.2, protocols/dingtalk.md 5.3), as DOM nodes.
// Everything not recognised stays literal text; nothing is ever parsed as HTML.

import { append, h, link, safeUrl } from "./dom.js";

const INLINE =
  /\*\*(?<bold>[^\n]+?)\*\*|(?<![\w*])\*(?<italic>[^\s*][^*\n]*?)\*(?![\w*])|`(?<code>[^`\n]+)`|!\[(?<alt>[^\]\n]*)\]\((?<img>[^)\s]+)\)|\[(?<label>[^\]\n]+)\]\((?<href>[^)\s]+)\)|<font\s+color=["']?(?<color>info|comment|warning)["']?\s*>(?<tinted>[\s\S]*?)<\/font>|(?<br><br\s*\/?>)/gi;

export function inline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, match.index), span(match));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

function span({ 0: whole, groups: g }) {
  if (g.bold !== undefined) return h("strong", {}, inline(g.bold));
  if (g.italic !== undefined) return h("em", {}, inline(g.italic));
  if (g.code !== undefined) return h("code", {}, g.code);
  if (g.label !== undefined) return safeUrl(g.href) ? link(g.href, inline(g.label)) : whole;
  if (g.img !== undefined) return safeUrl(g.img) ? h("img.md-image", { src: safeUrl(g.img), alt: g.alt, loading: "lazy" }) : whole;
  if (g.color !== undefined) return h(`span.font-${g.color.toLowerCase()}`, {}, inline(g.tinted));
  return h("br");
}

const BLOCKS = [
  { name: "heading", test: /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/ },
  { name: "rule", test: /^\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/ },
  { name: "quote", test: /^\s{0,3}>\s?(.*)$/ },
  { name: "bullet", test: /^\s*[-*+]\s+(.*)$/ },
  { name: "number", test: /^\s*(\d{1,3})[.、]\s+(.*)$/ },
];

function classify(line) {
  for (const { name, test } of BLOCKS) {
    const match = line.match(test);
    if (match) return { name, match };
  }
  return { name: line.trim() ? "text" : "blank", match: [line, line] };
}

/**
 * @param {string} text
 * @param {{hardBreaks?: boolean}} options  DingTalk joins lines that have no two blanks at their end; WeCom breaks at each.
 */
export function markdown(text, { hardBreaks = true } = {}) {
  const root = h("div.md");
  let open = null; // the block that the next line may continue
  for (const raw of String(text ?? "").replace(/\r\n?/g, "\n").split("\n")) {
    const { name, match } = classify(raw);
    if (name === "blank") open = null;
    else if (name === "heading") open = void root.append(append(h(`div.md-h${match[1].length}`, { role: "heading", "aria-level": match[1].length + 2 }), inline(match[2])));
    else if (name === "rule") open = void root.append(h("hr"));
    else if (name === "bullet" || name === "number") open = item(root, open, name, match);
    else open = line(root, open, name, match[1], hardBreaks);
  }
  return root;
}

function item(root, open, name, match) {
  let list = open?.name === name ? open.list : null;
  if (!list) {
    list = h(name === "bullet" ? "ul" : "ol", name === "number" ? { start: Number(match[1]) } : {});
    root.append(list);
  }
  const node = append(h("li"), inline(match.at(-1).trimEnd()));
  list.append(node);
  return { name, list, node, hard: /\s\s$/.test(match[0]) };
}

function line(root, open, name, text, hardBreaks) {
  const hard = / {2,}$/.test(text);
  const joins = open && (open.name === name || (name === "text" && (open.name === "bullet" || open.name === "number")));
  if (joins) {
    append(open.node, [hardBreaks || open.hard ? h("br") : " ", inline(text.trim())]);
    return { ...open, hard };
  }
  const node = append(h(name === "quote" ? "blockquote" : "p"), inline(text.trim()));
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
