// One phone: whose it is, the conversation with the bot, and what can be said in it.

import { api } from "./api.js";
import { Approvals } from "./approvals.js";
import { bubbleRow } from "./bubbles.js";
import { Composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { SENTENCES } from "./samples.js";
import { chatTime, hourMinute } from "./times.js";

const TIME_GAP = 5 * 60_000; // both apps write the time again after about five quiet minutes
const PATIENCE = 15_000; // how long "typing" shows when no answer comes
const NEAR_BOTTOM = 80;

export class Phone {
  #state;
  #waiting = null;
  #lastShown = null;
  #following = true; // the newest message stays in sight

  constructor(slot, state) {
    this.slot = slot;
    this.unread = 0;
    this.#state = state;
    this.person = null;
    this.#build();
  }

  get who() {
    return { platform: this.slot.platform, user: this.person?.[this.slot.platform] ?? "" };
  }

  shows(message) {
    const { platform, user } = this.who;
    const same = platform === "wecom" ? user.toLowerCase() === String(message.user).toLowerCase() : user === message.user;
    return message.platform === platform && same;
  }

  /** Hands the phone to somebody. `entered`: the person opened the chat, which WeCom reports to the app. */
  hold(person, { entered = false } = {}) {
    this.person = person;
    if (person) this.#option(person)?.classList.remove("unseen");
    this.picker.classList.toggle("unseen", Boolean(this.picker.querySelector(".unseen")));
    this.picker.value = person?.employee_no ?? "";
    this.approvals?.hold(this.who.user);
    this.#stopWaiting();
    this.#drawPrompts();
    this.redraw();
    this.composer.setMenu(this.slot.platform === "wecom" ? this.#state.menus.wecom : null);
    if (entered && this.slot.platform === "wecom") api.enter(this.who);
  }

  listPeople(people) {
    const roles = [...new Set([this.slot.role, ...people.map((person) => person.role)])];
    this.picker.replaceChildren(...roles.map((role) => {
      const members = people.filter((person) => person.role === role && person[this.slot.platform]);
      return members.length
        ? h("optgroup", { label: role }, members.map((person) => h("option", { value: person.employee_no }, `${person.name} · ${person.region || role}`)))
        : "";
    }).filter(Boolean));
    this.picker.value = this.person?.employee_no ?? "";
  }

  markUnseen(person) {
    this.#option(person)?.classList.add("unseen");
    this.picker.classList.add("unseen");
  }

  redraw() {
    const { platform, user } = this.who;
    this.#lastShown = null;
    this.log.replaceChildren();
    this.#state.messages(platform, user).forEach((message) => this.#append(message));
    this.#toBottom();
  }

  add(message) {
    const stick = this.#nearBottom() || message.from === "user";
    if (message.from === "bot") this.#stopWaiting();
    this.#append(message);
    if (this.typing.isConnected) this.log.append(this.typing);
    if (stick) this.#toBottom();
    else this.pill.hidden = false;
  }

  replace(message) {
    const old = this.log.querySelector(`[data-id="${CSS.escape(message.id)}"]`);
    if (!old) return;
    const stick = this.#nearBottom();
    const row = bubbleRow(message, this.#actions(), this.person);
    const typing = typed(old, row);
    old.replaceWith(row);
    if (typing) row.querySelector(".card-input").focus();
    if (message.from === "bot" && !message.card?.pending) this.#stopWaiting();
    if (stick) this.#toBottom();
  }

  tick() {
    this.statusClock.textContent = hourMinute(this.#state.now());
  }

  setMenu() {
    if (this.slot.platform === "wecom") this.composer.setMenu(this.#state.menus.wecom);
  }

  #build() {
    const { platform, role, id } = this.slot;
    const app = platform === "wecom" ? "企业微信" : "钉钉";
    this.picker = h("select", { id: `who-${id}`, onchange: () => this.#pick() });
    this.log = h("div.log", { role: "log", tabIndex: 0, "aria-label": `${role}的${app}会话` });
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#following && this.#toBottom()).observe(this.log);
    this.log.addEventListener("load", (event) => { if (event.target.tagName === "IMG" && this.#nearBottom(500)) this.#toBottom(); }, true);
    this.typing = h("div.row.typing", { "aria-label": "对方正在输入" }, h("img.avatar", { src: "page/bot.svg", alt: "", width: 38, height: 38 }), h("div.bubble.dots", {}, h("i"), h("i"), h("i")));
    this.pill = h("button.new-pill", { type: "button", hidden: true, onclick: () => this.#toBottom() }, icon("down"), "新消息");
    this.approvals = platform === "dingtalk" ? new Approvals(this.#state, id) : null;
    this.statusClock = h("span.status-clock", {}, "");
    this.subtitle = h("small.subtitle", {}, "");
    this.composer = new Composer(this.slot, { state: this.#state, who: () => this.who, waiting: () => this.#wait() });
    this.prompts = h("div.prompts", { role: "group", "aria-label": "示例句子" });
    this.node = h(
      "section.slot",
      { class: platform, id: `phone-${id}`, "aria-label": `${role}的手机（${app}）`, dataset: { slot: id } },
      h("div.holder", {}, h("span.badge", {}, app), h("label", { htmlFor: `who-${id}` }, role), this.picker),
      h("div.device", {}, h("div.screen", {}, this.#statusBar(), this.#header(platform), h("div.log-wrap", {}, this.log, this.pill), this.composer.node, this.approvals?.sheet)),
      this.prompts,
    );
  }

  #option(person) {
    return this.picker.querySelector(`option[value="${CSS.escape(person.employee_no)}"]`);
  }

  #statusBar() {
    return h("div.status-bar", { "aria-hidden": "true" }, this.statusClock, h("span.status-icons", {}, icon("signal"), icon("wifi"), icon("battery")));
  }

  #header(platform) {
    const tag = platform === "dingtalk" ? h("span.robot-tag", {}, "机器人") : null;
    return h(
      "header.chat-header",
      {},
      h("span.header-side", {}, icon("back")),
      h("div.chat-title", {}, h("strong", {}, "销售助手", tag), this.subtitle),
      h("span.header-side.right", {}, this.approvals?.entry ?? icon("person")),
    );
  }

  #pick() {
    const person = this.#state.people.find((one) => one.employee_no === this.picker.value);
    if (!person) return;
    this.hold(person, { entered: true });
    this.node.dispatchEvent(new CustomEvent("picked", { bubbles: true, detail: person }));
  }

  #drawPrompts() {
    const sentences = SENTENCES[this.person?.role] ?? SENTENCES.其他;
    this.prompts.replaceChildren(h("span.prompts-label", {}, "试着说"), ...sentences.map((text) => h("button", { type: "button", onclick: () => this.composer.say(text) }, text)));
  }

  #actions() {
    return {
      tap: async (message, what) => {
        this.#wait();
        if (await api.tap(this.who, message.id, what)) return;
        this.#stopWaiting();
        this.replace(message);
      },
    };
  }

  #append(message) {
    const at = this.#state.timeOf(message);
    if (!this.#lastShown || Math.abs(at - this.#lastShown) > TIME_GAP) {
      this.log.append(h("div.time", {}, h("time", { dateTime: at.toISOString() }, chatTime(at, this.#state.now()))));
    }
    this.#lastShown = at;
    this.log.append(bubbleRow(message, this.#actions(), this.person));
  }

  #wait() {
    this.#stopWaiting();
    this.log.append(this.typing);
    this.subtitle.textContent = "对方正在输入…";
    this.#toBottom();
    this.#waiting = setTimeout(() => this.#stopWaiting(), PATIENCE);
  }

  #stopWaiting() {
    clearTimeout(this.#waiting);
    this.typing.remove();
    for (const button of this.log.querySelectorAll(".busy")) button.classList.remove("busy");
    this.subtitle.textContent = "";
  }

  #scrolled() {
    this.#following = this.#nearBottom();
    if (this.#following) this.pill.hidden = true;
  }

  #nearBottom(within = NEAR_BOTTOM) {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < within;
  }

  #toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#following = true;
    this.pill.hidden = true;
  }
}

/**
 * Carries what stands in a card's input over to its redrawn row, unless a tap has just taken it along.
 * Returns whether the cursor stood there.
 */
function typed(old, row) {
  const before = old.querySelector(".card-input");
  const after = row.querySelector(".card-input");
  if (!before || !after) return false;
  const taken = old.querySelector(".pending") && !row.querySelector(".pending, .ding-error");
  after.value = taken ? "" : before.value;
  return before === document.activeElement;
}
