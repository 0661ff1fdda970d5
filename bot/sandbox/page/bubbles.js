// One message as the apps draw it.

import { dialog, h, icon, link, safeUrl } from "./dom.js";
import { dingtalkCard } from "./card-dingtalk.js";
import { wecomCard } from "./card-wecom.js";
import { DINGTALK, WECOM, linkify, markdown, textcardBody, wecomText } from "./markdown.js";

/**
 * @param message  one message of the state
 * @param actions  {tap(message, what)}: what a card's button does
 * @param me       the person holding this phone
 */
export function bubbleRow(message, actions, me) {
  if (message.kind === "system") return notice(message.text, message.id);
  if (message.state === "recalled") return notice(message.from === "bot" ? "“销售助手”撤回了一条消息" : "你撤回了一条消息", message.id);
  const own = message.from === "user";
  return h(
    own ? "div.row.own" : "div.row",
    { dataset: { id: message.id, kind: message.kind } },
    own ? avatar(me) : h("img.avatar", { src: "page/bot.svg", alt: "销售助手", width: 38, height: 38 }),
    h("div.bubble-column", {}, message.group ? h("small.group-name", {}, message.group) : null, body(message, actions), delivery(message)),
  );
}

function notice(text, id) {
  return h("div.notice", { dataset: { id } }, h("span", {}, text));
}

/** DingTalk and WeCom draw somebody without a portrait as the last two characters of the name. */
export function avatar(person) {
  const name = person?.name ?? "?";
  return h("span.avatar", { "aria-label": name, role: "img", class: `tint-${tint(name)}` }, name.slice(-2));
}

function tint(name) {
  return [...name].reduce((sum, char) => sum + char.codePointAt(0), 0) % 5;
}

function delivery(message) {
  if (message.state === "sending") return h("span.delivery.sending", { role: "img", "aria-label": "正在发送" });
  if (message.state === "failed") return h("span.delivery.failed", { role: "img", "aria-label": "没有发出去", title: "没有发出去" }, "!");
  return null;
}

const KINDS = {
  text: (message) => h("div.bubble.text", {}, message.platform === "wecom" ? wecomText(message.text ?? "") : linkify(message.text ?? "")),
  markdown: (message) => h("div.bubble.markdown", {}, markdown(message.text, message.platform === "wecom" ? WECOM : DINGTALK)),
  card: (message, actions) => (message.platform === "wecom" ? wecomCard : dingtalkCard)(message, actions),
  textcard,
  link: linkBubble,
  news,
  image,
  voice,
  video: (message) => h("div.bubble.video", {}, video(message)),
  location,
  file,
};

function body(message, actions) {
  const draw = KINDS[message.kind];
  return draw ? draw(message, actions) : h("div.bubble.text", {}, message.text || "［暂不支持的消息］");
}

function textcard(message) {
  const { title, description, url, btntxt } = message.card ?? {};
  return h(
    "div.bubble.card.textcard",
    {},
    h("div.tc-title", {}, title ?? ""),
    textcardBody(description ?? message.text),
    safeUrl(url) ? link(url, h("span.card-jump", {}, h("span", {}, btntxt || "详情"), icon("chevron"))) : null,
  );
}

function linkBubble(message) {
  const { title, description, text, url, messageUrl, picurl, picUrl } = message.card ?? {};
  const picture = safeUrl(picurl ?? picUrl);
  return h(
    "div.bubble.card.link-bubble",
    {},
    link(
      url ?? messageUrl,
      h("strong", {}, title ?? message.text ?? ""),
      h("span.link-row", {}, h("span.link-text", {}, description ?? text ?? ""), picture ? h("img", { src: picture, alt: "" }) : null),
    ),
  );
}

function news(message) {
  const articles = message.card?.articles ?? [];
  return h("div.bubble.card.news", {}, articles.map((article) => {
    const picture = safeUrl(article.picurl);
    return link(article.url, h("span.news-row", {}, h("span", {}, h("strong", {}, article.title ?? ""), article.description ? h("small", {}, article.description) : null), picture ? h("img", { src: picture, alt: "" }) : null));
  }));
}

function image(message) {
  const src = safeUrl(message.file?.url);
  if (!src) return h("div.bubble.text", {}, "［图片已过期］");
  const name = message.file.name || "图片";
  return h(
    "button.bubble.image",
    { type: "button", "aria-label": `查看大图：${name}`, onclick: () => dialog(name, h("div.lightbox", {}, h("img", { src, alt: name })), { wide: true }) },
    h("img", { src, alt: name }),
  );
}

function video(message) {
  const src = safeUrl(message.file?.url);
  return src ? h("video", { src, controls: true, preload: "metadata" }) : "［视频］";
}

function voice(message) {
  const { seconds = 0, text = "" } = message.voice ?? {};
  const width = Math.min(4, Math.max(1, Math.ceil(Number(seconds) / 8)));
  return h(
    "div.voice",
    {},
    h("div.bubble.voice-bar", { class: `length-${width}`, "aria-label": `语音 ${seconds} 秒` }, icon("wave"), h("span", {}, `${seconds}″`)),
    text ? h("div.bubble.heard", {}, text, h("small", {}, "语音内容")) : null,
  );
}

function location(message) {
  const { label = "", lat, lng } = message.location ?? {};
  const [name, ...rest] = String(label).split(/\s+|（(?=.*号)/);
  return h(
    "div.bubble.card.location",
    {},
    h("strong", {}, name || "位置"),
    h("small", {}, rest.join(" ").replace(/）$/, "") || `${Number(lat).toFixed(5)}, ${Number(lng).toFixed(5)}`),
    h("div.map", { role: "img", "aria-label": `地图：${label}` }, icon("pin")),
  );
}

function file(message) {
  const { url, name = "文件", size } = message.file ?? {};
  const kind = name.includes(".") ? name.split(".").pop().toLowerCase() : "";
  const href = safeUrl(url);
  const content = [
    h("span.file-text", {}, h("span.file-name", {}, name), h("small", {}, readableSize(size))),
    h("span.file-icon", { class: fileTint(kind) }, (kind || "file").slice(0, 4).toUpperCase()),
  ];
  return href
    ? h("a.bubble.card.file-bubble", { href, download: name, "aria-label": `下载 ${name}` }, content)
    : h("div.bubble.card.file-bubble", {}, content);
}

function fileTint(kind) {
  if (/^(xlsx?|csv)$/.test(kind)) return "sheet";
  if (kind === "pdf") return "pdf";
  return /^docx?$/.test(kind) ? "doc" : "other";
}

export function readableSize(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
