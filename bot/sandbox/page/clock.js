// The business clock: shown, and moved.

import { api } from "./api.js";
import { dialog, h, icon } from "./dom.js";
import { fieldValue, fullTime, isoShanghai, tomorrowAt } from "./times.js";

export class Clock {
  #state;

  constructor(node, state) {
    this.#state = state;
    this.face = h("span.clock-face", {}, "");
    this.open = h("button.clock-open", { type: "button", "aria-label": "业务时间，点开可以拨动", onclick: () => this.#ask() }, icon("clock"), this.face);
    this.hour = h("button.clock-move", { type: "button", onclick: () => this.#plusHour() }, "+1 小时");
    this.morning = h("button.clock-move", { type: "button", onclick: () => this.#morning() }, "明早 8:30");
    node.append(this.open, this.hour, this.morning);
  }

  tick() {
    this.face.textContent = fullTime(this.#state.now());
    const off = !this.#state.clock;
    this.face.title = off ? "机器人还没有接上业务时钟，显示的是真实时间" : "业务时间";
    for (const button of [this.hour, this.morning]) button.disabled = off;
  }

  #plusHour() {
    return this.#move({ plus_seconds: 3600 });
  }

  #morning() {
    return this.#move({ to: tomorrowAt(this.#state.now(), "08:30") });
  }

  async #move(change) {
    const answer = await api.clock(change);
    const clock = answer?.clock ?? answer;
    if (clock?.now) this.#state.setClock(clock);
  }

  #ask() {
    const when = h("input", { type: "datetime-local", required: true, value: fieldValue(this.#state.now()), name: "to" });
    const quick = (label, act) => h("button", { type: "button", onclick: () => { act(); box.close(); } }, label);
    const form = h(
      "form.ask",
      { onsubmit: (event) => { event.preventDefault(); this.#move({ to: isoShanghai(when.value.slice(0, 16)) }); box.close(); } },
      h("p.hint", {}, "拨动以后，到点的提醒和日报会马上跑一遍；令牌和重试仍按真实时间。"),
      h("div.clock-quick", {}, quick("+1 小时", () => this.#plusHour()), quick("明早 8:30", () => this.#morning())),
      h("label.field", {}, h("span", {}, "拨到（北京时间）"), when),
      h("div.ask-buttons", {}, h("button.primary", { type: "submit" }, "拨过去")),
    );
    const box = dialog("业务时钟", form);
  }
}
