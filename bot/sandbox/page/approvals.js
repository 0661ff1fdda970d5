// DingTalk's own approvals on one phone: the entry with its badge, the lists, one approval with its buttons.

import { api } from "./api.js";
import { avatar } from "./bubbles.js";
import { h, icon } from "./dom.js";
import { chatTime } from "./times.js";

const LISTS = [
  { id: "todo", title: "待处理", none: "没有待处理的审批", has: (one, me) => Boolean(taskOf(one, me)) },
  { id: "done", title: "已处理", none: "还没有处理过审批", has: (one, me) => !taskOf(one, me) && one.tasks.some((task) => task.user === me && task.result) },
  { id: "mine", title: "我发起的", none: "没有发起过审批", has: (one, me) => one.originator === me },
];
const OUTCOMES = { agree: ["审批通过", "agreed"], refuse: ["审批拒绝", "refused"] };
const KINDS = { AND: "会签", OR: "或签", NONE: "" };
const RESULTS = { AGREE: "已同意", REFUSE: "已拒绝", REDIRECTED: "已转交" };
const STATES = { RUNNING: "处理中", CANCELED: "已取消", TERMINATED: "已撤销" };
const SUMMARY_LINES = 3;

export class Approvals {
  #state;
  #me = "";
  #list = "todo";
  #opened = null; // instance_id of the one that is read
  #drafts = new Map(); // instance_id -> opinion being typed
  #sending = false;

  constructor(state, id) {
    this.#state = state;
    this.badge = h("span.oa-badge", { hidden: true });
    this.entry = h("button.oa-entry", { type: "button", onclick: () => this.open() }, icon("approval"), h("span", {}, "审批"), this.badge);
    this.sheet = h("section.oa", { id: `oa-${id}`, "aria-label": "OA 审批", hidden: true });
    this.sheet.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#back(); });
  }

  /** Whose approvals these are; somebody else's phone starts with a closed list. */
  hold(user) {
    if (user !== this.#me) {
      this.#me = user;
      this.#opened = null;
      this.#list = "todo";
      this.sheet.hidden = true;
    }
    this.redraw();
  }

  open() {
    this.#opened = null;
    this.sheet.hidden = false;
    this.redraw();
    this.sheet.querySelector(".oa-back").focus();
  }

  redraw() {
    const waiting = this.#of("todo").length;
    this.badge.hidden = !waiting;
    this.badge.textContent = waiting > 99 ? "99+" : String(waiting);
    this.entry.setAttribute("aria-label", waiting ? `审批，${waiting} 项待处理` : "审批");
    if (this.sheet.hidden) return;
    const { activeElement: before } = document;
    const typing = this.sheet.contains(before) && before.tagName === "TEXTAREA" ? before.selectionStart : null;
    const focus = !this.sheet.contains(before) ? "" : before.role === "tab" ? "[aria-selected=true]" : ".oa-back";
    const scrolled = this.sheet.querySelector(".oa-body")?.scrollTop ?? 0;
    const one = this.#state.approvals.get(this.#opened);
    this.sheet.replaceChildren(...(one ? this.#detail(one) : this.#overview()));
    this.sheet.querySelector(".oa-body").scrollTop = one ? scrolled : 0;
    const field = typing === null ? null : this.sheet.querySelector("textarea");
    if (field) field.setSelectionRange(typing, typing);
    (field ?? (focus && this.sheet.querySelector(focus)))?.focus?.();
  }

  #of(list) {
    const { has } = LISTS.find(({ id }) => id === list);
    return [...this.#state.approvals.values()].filter((one) => has(one, this.#me)).reverse();
  }

  #back() {
    if (this.#opened) this.#opened = null;
    else this.sheet.hidden = true;
    this.redraw();
    if (this.sheet.hidden) this.entry.focus();
  }

  #head(title) {
    const label = this.#opened ? "返回列表" : "返回会话";
    return h("header.oa-head", {}, h("button.oa-back", { type: "button", "aria-label": label, onclick: () => this.#back() }, icon("back")), h("strong", {}, title), h("span", {}));
  }

  #overview() {
    const found = this.#of(this.#list);
    const tabs = LISTS.map(({ id, title }) => {
      const count = id === "todo" ? this.#of(id).length : 0;
      return h("button", { type: "button", role: "tab", "aria-selected": String(id === this.#list), onclick: () => { this.#list = id; this.redraw(); } }, title, count ? h("i", {}, String(count)) : null);
    });
    const rows = found.length ? found.map((one) => this.#row(one)) : h("p.oa-none", {}, LISTS.find(({ id }) => id === this.#list).none);
    return [this.#head("OA 审批"), h("div.oa-tabs", { role: "tablist", "aria-label": "审批列表" }, tabs), h("div.oa-body", {}, rows)];
  }

  #row(one) {
    const [words, tint] = this.#status(one);
    const lines = Object.entries(one.form).filter(([, value]) => value).slice(0, SUMMARY_LINES);
    return h(
      "button.oa-row",
      { type: "button", dataset: { instance: one.instance_id }, onclick: () => { this.#opened = one.instance_id; this.redraw(); } },
      h("span.oa-row-top", {}, avatar(this.#person(one.originator)), h("strong", {}, one.title), h("time", {}, this.#when(one.instance_id, one.created_at))),
      lines.map(([label, value]) => h("span.oa-line", {}, `${label}：${value}`)),
      h("span.oa-state", { class: tint }, words),
    );
  }

  #detail(one) {
    const [words, tint] = this.#status(one);
    const fields = Object.entries(one.form).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value || "—")));
    return [
      this.#head("审批详情"),
      h(
        "div.oa-body",
        {},
        h("div.oa-top", {}, avatar(this.#person(one.originator)), h("div", {}, h("strong", {}, one.title), h("small", {}, `编号 ${one.business_id}`)), h("span.oa-state", { class: tint }, words)),
        h("dl.oa-form", {}, fields),
        this.#flow(one),
      ),
      this.#actions(one),
    ].filter(Boolean);
  }

  #flow(one) {
    const begun = this.#node(one.originator, "发起申请", "agreed", "", this.#when(one.instance_id, one.created_at));
    const steps = one.steps.flatMap((step, index) => {
      const tasks = one.tasks.filter((task) => task.step === index);
      if (!tasks.length) return step.users.map((user) => this.#node(user, note("待审批", step), "later"));
      return tasks.map((task) => this.#node(task.user, note(RESULTS[task.result] ?? STATES[task.status], step), tintOf(task), task.remark, task.finished_at && this.#when(`${one.instance_id}:${task.task_id}`, task.finished_at)));
    });
    const words = one.comments.map((comment) => this.#node(comment.user, "评论", "said", comment.text, this.#when(`${one.instance_id}:${comment.at}`, comment.at)));
    return h("div.oa-flow", {}, h("h3", {}, "流程"), h("ol", {}, begun, steps, words));
  }

  #node(user, words, tint, remark = "", when = "") {
    const person = this.#person(user);
    return h("li", { class: tint }, avatar(person), h("div", {}, h("span.oa-who", {}, person.name, h("time", {}, when || "")), h("small", {}, words), remark ? h("q", {}, remark) : null));
  }

  #actions(one) {
    if (taskOf(one, this.#me)) return this.#deciding(one);
    if (one.originator === this.#me && one.status === "RUNNING") {
      return h("div.oa-actions", {}, h("div.oa-buttons", {}, this.#button("撤销", "plain", () => api.revoke(this.#me, one.instance_id))));
    }
    return null;
  }

  #deciding(one) {
    const opinion = h("textarea", { rows: 1, placeholder: "审批意见（选填）", "aria-label": "审批意见", maxLength: 500, value: this.#drafts.get(one.instance_id) ?? "", oninput: () => this.#drafts.set(one.instance_id, opinion.value) });
    const decide = (agree) => api.decide(this.#me, one.instance_id, agree, opinion.value.trim());
    const others = this.#state.people.filter((person) => person.dingtalk && person.dingtalk !== this.#me);
    const heir = h("select", { "aria-label": "转交给" }, others.map((person) => h("option", { value: person.dingtalk }, `${person.name} · ${person.role}`)));
    const transfer = () => api.transfer(this.#me, one.instance_id, heir.value, opinion.value.trim());
    return h(
      "div.oa-actions",
      {},
      opinion,
      h("div.oa-buttons", {}, this.#button("拒绝", "refuse", () => decide(false)), this.#button("同意", "agree", () => decide(true))),
      h("details", {}, h("summary", {}, "转交给别人"), h("div.oa-transfer", {}, heir, this.#button("转交", "plain", transfer))),
    );
  }

  #button(text, tint, act) {
    return h("button", { type: "button", class: tint, disabled: this.#sending, onclick: () => this.#send(act) }, text);
  }

  async #send(act) {
    const opened = this.#opened;
    this.#sending = true;
    this.redraw();
    const done = await act();
    this.#sending = false;
    if (done) this.#drafts.delete(opened);
    this.redraw();
  }

  #status(one) {
    if (one.status === "TERMINATED") return ["已撤销", "revoked"];
    if (one.status === "COMPLETED") return OUTCOMES[one.result] ?? ["已完成", "revoked"];
    if (taskOf(one, this.#me)) return ["等待我处理", "waiting"];
    const holders = one.tasks.filter((task) => task.status === "RUNNING").map((task) => this.#person(task.user).name);
    return [`等待${holders.join("、")}处理`, "waiting"];
  }

  #person(user) {
    return this.#state.people.find((one) => one.dingtalk === user) ?? { name: user };
  }

  #when(id, at) {
    return chatTime(this.#state.timeOf({ id, at }), this.#state.now());
  }
}

function taskOf(one, user) {
  return one.tasks.find((task) => task.user === user && task.status === "RUNNING");
}

function note(words, step) {
  return [words, KINDS[step.action_type]].filter(Boolean).join(" · ");
}

function tintOf(task) {
  if (task.result === "REFUSE") return "refused";
  if (task.status === "RUNNING") return "waiting";
  return task.result ? "agreed" : "revoked";
}
