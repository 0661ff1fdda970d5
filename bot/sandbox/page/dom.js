// Building DOM without ever parsing text as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * h("button.primary", {type: "button", onclick: f}, "text", node, [nodes], null)
 * Strings become text nodes; `on…` properties become listeners; `dataset` and `aria-…` work as expected.
 */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "class") node.classList.add(...value.split(" ").filter(Boolean));
    else if (name in node && !name.startsWith("aria") && name !== "list" && name !== "form") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function icon(name, label = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${address("page/icons.svg")}#${name}`);
  svg.append(use);
  return svg;
}

/** Address of one of our own resources, wherever the page is mounted. */
export function address(path) {
  return new URL(path, document.baseURI).href;
}

/** http(s) addresses only, absolute or on this server; null for anything else (javascript:, data:, …). */
export function safeUrl(text) {
  if (typeof text !== "string" || !text.trim()) return null;
  try {
    const url = new URL(text.trim(), document.baseURI);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens elsewhere, or the bare text when the address is not one we open. */
export function link(url, ...children) {
  const href = safeUrl(url);
  if (!href) return h("span", {}, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

export function toast(text) {
  const node = h("p.toast", {}, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

export function dialog(title, body, { wide = false } = {}) {
  const close = () => node.close();
  const node = h(
    "dialog.dialog",
    { class: wide ? "wide" : "", "aria-label": title, onclose: () => node.remove(), onclick: (event) => event.target === node && close() },
    h("header", {}, h("h2", {}, title), h("button.icon-button", { type: "button", "aria-label": "关闭", onclick: close }, icon("close"))),
    body,
  );
  document.body.append(node);
  node.showModal();
  return node;
}
