// Puts the page together: phones, tabs, wire strip, clock, and the live stream.

import { api, stream } from "./api.js";
import { Clock } from "./clock.js";
import { h } from "./dom.js";
import { Phone } from "./phone.js";
import { State, chatKey } from "./state.js";
import { Wire } from "./wire.js";

const SLOTS = [
  { id: "rep", platform: "wecom", role: "销售", prefer: "YG010" },
  { id: "manager", platform: "dingtalk", role: "区域经理", prefer: "YG003" },
  { id: "success", platform: "dingtalk", role: "客户成功", prefer: "YG050" },
  { id: "finance", platform: "dingtalk", role: "财务", prefer: "YG057" },
];
const stage = document.getElementById("stage");
const tabs = document.getElementById("tabs");
const narrow = matchMedia("(max-width: 719px)");
const state = new State();
const phones = SLOTS.map((slot) => new Phone(slot, state));
const wire = new Wire(document.getElementById("wire"), state);
const clock = new Clock(document.getElementById("clock"), state);
const hidden = new Set();
let current = "rep"; // what a phone-sized window shows: a slot or "wire"

function drawTabs() {
  const entries = [...phones.map((phone) => [phone.slot.id, phone.slot.role, phone]), ["wire", "线路", null]];
  tabs.replaceChildren(...entries.map(([id, label, phone]) => {
    const on = narrow.matches ? id === current : !hidden.has(id);
    const unread = phone?.unread ? h("span.unread", { "aria-label": `${phone.unread} 条未读` }, String(phone.unread)) : null;
    return h("button", { type: "button", class: `tab-${id}`, "aria-pressed": String(on), onclick: () => choose(id) }, label, unread);
  }));
  for (const phone of phones) {
    phone.node.hidden = narrow.matches ? phone.slot.id !== current : hidden.has(phone.slot.id);
    phone.tick();
  }
  document.body.dataset.show = narrow.matches ? current : "all";
  if (narrow.matches) wire.open(current === "wire");
}

function choose(id) {
  if (narrow.matches) current = id;
  else if (hidden.has(id)) hidden.delete(id);
  else if (hidden.size < phones.length - 1) hidden.add(id);
  const phone = phones.find((one) => one.slot.id === id);
  if (phone) phone.unread = 0;
  drawTabs();
  if (phone && !phone.node.hidden) phone.redraw();
}

function seat(phone) {
  const { platform, role, prefer, id } = phone.slot;
  const able = state.people.filter((person) => person[platform]);
  const remembered = sessionStorage.getItem(`holder-${id}`);
  const find = (test) => able.find(test);
  const person = find((one) => one.employee_no === (phone.person?.employee_no ?? remembered))
    ?? find((one) => one.employee_no === prefer) ?? find((one) => one.role === role) ?? able[0] ?? null;
  const opened = !phone.person && person && state.messages(platform, person[platform]).length === 0;
  phone.listPeople(state.people);
  phone.hold(person, { entered: Boolean(opened) });
}

function drawBot() {
  const node = document.getElementById("bot");
  const { reachable, connections, lost } = state.bot;
  node.dataset.state = reachable && !lost ? "on" : "off";
  if (lost) node.textContent = "沙盒断开了，正在重连";
  else node.textContent = reachable ? `机器人在线${connections ? ` · 钉钉长连接 ${connections}` : ""}` : "机器人未连接";
}

function received({ detail: message }, kind) {
  const showing = phones.filter((one) => one.shows(message));
  if (kind === "message" && message.from === "bot" && !showing.length) markUnseen(message);
  for (const phone of showing) {
    if (kind === "update") phone.replace(message);
    else phone.add(message);
    if (kind === "message" && message.from === "bot" && phone.node.hidden) {
      phone.unread += 1;
      drawTabs();
    }
  }
}

/** Somebody whom no phone shows has got a message: a dot before the name in the pickers. */
function markUnseen({ platform, user }) {
  const person = state.people.find((one) => chatKey(platform, one[platform] ?? "") === chatKey(platform, user));
  if (person) phones.filter((phone) => phone.slot.platform === platform).forEach((phone) => phone.markUnseen(person));
}

state.addEventListener("message", (event) => received(event, "message"));
state.addEventListener("update", (event) => received(event, "update"));
state.addEventListener("oa", () => phones.forEach((phone) => phone.approvals?.redraw()));
state.addEventListener("wire", (event) => wire.add(event.detail));
state.addEventListener("menu", () => phones.forEach((phone) => phone.setMenu()));
state.addEventListener("bot", drawBot);
state.addEventListener("clock", tick);
state.addEventListener("reset", () => {
  phones.forEach(seat);
  wire.redraw();
  drawBot();
  drawTabs();
  tick();
});
stage.addEventListener("picked", (event) => {
  sessionStorage.setItem(`holder-${event.target.dataset.slot}`, event.detail.employee_no);
});
narrow.addEventListener("change", drawTabs);

function tick() {
  clock.tick();
  phones.forEach((phone) => phone.tick());
}

async function reload() {
  const snapshot = await api.state();
  if (snapshot) state.load(snapshot);
}

stage.append(...phones.map((phone) => phone.node));
drawTabs();
setInterval(tick, 1000);
stream(
  {
    message: (data) => state.message(data),
    update: (data) => state.message(data),
    oa: (data) => state.setApproval(data),
    wire: (data) => state.addWire(data),
    clock: (data) => state.setClock(data),
    menu: (data) => state.setMenu(data),
    bot: (data) => state.setBot(data),
  },
  reload,
  () => state.setBot({ lost: true }),
);
