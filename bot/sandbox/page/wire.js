// The strip that shows what crossed the wire between the bot and the two platforms.

import { dialog, h, icon } from "./dom.js";
import { wireTime } from "./times.js";

const PLATFORMS = { wecom: "企微", dingtalk: "钉钉" };
const FILTERS = {
  all: ["全部", () => true],
  wecom: ["企微", (entry) => entry.platform === "wecom"],
  dingtalk: ["钉钉", (entry) => entry.platform === "dingtalk"],
  odd: ["重试与出错", (entry) => entry.attempt > 1 || tone(entry.status) === "bad"],
};

/** An HTTP status, a platform's errcode or a word: good, bad or neither. */
export function tone(status) {
  const text = String(status ?? "").toLowerCase();
  if (/^(0|2\d\d|ok|ack(ed)?|success|sent|open(ed)?|connected)\b/.test(text)) return "good";
  if (/^([45]\d\d|\d{5,}|-1)\b|unreach|no.?conn|fail|error|time.?out|refus|reject|lost|reset|no.?ack|超时|拒绝|失败|断/.test(text)) return "bad";
  return "";
}

export class Wire {
  #state;
  #filter = "all";

  constructor(node, state) {
    this.#state = state;
    this.node = node;
    this.rows = h("ol.wire-rows", { tabIndex: 0, "aria-label": "调用记录，新的在上" });
    this.count = h("span.wire-count", {});
    this.latest = h("span.wire-latest", {});
    this.toggle = h("button.wire-toggle", { type: "button", "aria-expanded": "false", onclick: () => this.open(this.node.dataset.open !== "yes") }, icon("chevron"), "线上往来", this.count);
    this.filters = h("div.wire-filters", { role: "group", "aria-label": "筛选" }, Object.entries(FILTERS).map(([key, [label]]) =>
      h("button", { type: "button", dataset: { filter: key }, "aria-pressed": String(key === this.#filter), onclick: () => this.#choose(key) }, label)));
    node.append(h("header.wire-head", {}, this.toggle, this.latest, this.filters), this.rows);
    this.open(false);
  }

  open(yes) {
    this.node.dataset.open = yes ? "yes" : "no";
    this.toggle.setAttribute("aria-expanded", String(yes));
  }

  redraw() {
    const kept = this.#state.wire.filter(FILTERS[this.#filter][1]);
    this.rows.replaceChildren(...kept.map((entry) => this.#row(entry)).reverse());
    this.#summary();
  }

  add(entry) {
    this.rows.querySelector(`[data-id="${CSS.escape(String(entry.id))}"]`)?.remove();
    if (FILTERS[this.#filter][1](entry)) this.rows.prepend(this.#row(entry));
    while (this.rows.childElementCount > this.#state.wire.length) this.rows.lastElementChild.remove();
    this.#summary();
  }

  #choose(key) {
    this.#filter = key;
    for (const button of this.filters.children) button.setAttribute("aria-pressed", String(button.dataset.filter === key));
    this.redraw();
  }

  #summary() {
    const last = this.#state.wire.at(-1);
    const odd = this.#state.wire.filter(FILTERS.odd[1]).length;
    this.count.textContent = `${this.#state.wire.length}${odd ? ` · ${odd} 次重试或出错` : ""}`;
    this.latest.textContent = last ? `${PLATFORMS[last.platform] ?? last.platform} ${arrow(last)} ${last.what}` : "";
  }

  #row(entry) {
    const retried = entry.attempt > 1;
    return h("li", { dataset: { id: entry.id } }, h(
      "button.wire-row",
      { type: "button", onclick: () => this.#detail(entry) },
      h("time", {}, wireTime(new Date(entry.at))),
      h("span.wire-platform", { class: entry.platform }, PLATFORMS[entry.platform] ?? entry.platform),
      h("span.wire-direction", { title: entry.direction === "to_bot" ? "平台发给机器人" : "机器人发给平台" }, arrow(entry)),
      h("span.wire-what", {}, h("code", {}, entry.what), entry.note ? h("small", {}, entry.note) : null),
      h("span.wire-attempt", {}, retried ? `第 ${entry.attempt} 次` : ""),
      h("span.wire-status", { class: tone(entry.status) }, String(entry.status ?? "…")),
      h("span.wire-ms", {}, Number.isFinite(entry.ms) ? `${Math.round(entry.ms)} ms` : ""),
    ));
  }

  #detail(entry) {
    const { request, response } = entry.detail ?? {};
    dialog(entry.what, h(
      "div.wire-detail",
      {},
      h("p", {}, `${wireTime(new Date(entry.at))} · ${entry.direction === "to_bot" ? "平台 → 机器人" : "机器人 → 平台"} · ${entry.status ?? "未回答"}`),
      entry.note ? h("p", {}, entry.note) : null,
      h("h3", {}, "请求"),
      h("pre", { tabIndex: 0 }, pretty(request)),
      h("h3", {}, "回答"),
      h("pre", { tabIndex: 0 }, pretty(response)),
      h("p.hint", {}, "密钥、令牌和手机号已遮住。"),
    ), { wide: true });
  }
}

function arrow(entry) {
  return entry.direction === "to_bot" ? "→ 机器人" : "← 机器人";
}

function pretty(value) {
  if (value === null || value === undefined || value === "") return "（空）";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
