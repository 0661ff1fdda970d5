// The bottom of a conversation: text, the app menu (WeCom), photo, place, voice note, file.

import { api } from "./api.js";
import { askPlace, askVoice } from "./ask.js";
import { h, icon, safeUrl } from "./dom.js";
import { samplePhoto } from "./samples.js";
import { fullTime } from "./times.js";

export class Composer {
  #slot;
  #with; // {state, who(), waiting()}

  constructor(slot, context) {
    this.#slot = slot;
    this.#with = context;
    this.#build();
  }

  async say(text) {
    const words = text.trim();
    if (!words) return;
    this.#with.waiting();
    await api.say(this.#with.who(), words);
  }

  /** WeCom's menu as it was created (protocols/wecom.md 6); none leaves only the keyboard. */
  setMenu(buttons) {
    const has = Boolean(buttons?.length);
    const before = this.menuBar.childElementCount > 0;
    this.menuBar.replaceChildren(...(has ? buttons.map((button) => this.#menuButton(button)) : []));
    this.toggle.hidden = !has;
    if (has !== before) this.#show(has ? "menu" : "keys");
  }

  #build() {
    const { platform, id } = this.#slot;
    this.input = h("textarea", { rows: 1, placeholder: platform === "wecom" ? "" : "发消息…", "aria-label": "输入消息", id: `say-${id}`, enterKeyHint: "send", maxLength: 2000 });
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => this.#grow());
    this.sendButton = h("button.send", { type: "button", hidden: true, onclick: () => this.#send() }, "发送");
    this.plus = this.#round("plus", "更多", () => this.#togglePanel());
    this.plus.setAttribute("aria-expanded", "false");
    this.toggle = h("button.toggle", { type: "button", hidden: true, onclick: () => this.#show(this.node.dataset.mode === "menu" ? "keys" : "menu") });
    this.menuBar = h("div.menu-bar", { role: "group", "aria-label": "应用菜单" });
    this.keys = h("div.keys", {}, this.#round("voice", "发语音", () => this.#voice()), this.input, this.plus, this.sendButton);
    this.picker = h("input", { type: "file", accept: "image/jpeg,image/png", hidden: true, "aria-label": "选择照片" });
    this.picker.addEventListener("change", () => this.#picked(this.picker, api.photo));
    this.filePicker = h("input", { type: "file", hidden: true, "aria-label": "选择文件" });
    this.filePicker.addEventListener("change", () => this.#picked(this.filePicker, api.file));
    this.panel = this.#panel(platform);
    this.node = h("div.composer", { dataset: { mode: "keys" } }, h("div.composer-row", {}, this.toggle, this.keys, this.menuBar), this.panel, this.picker, this.filePicker);
    this.node.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#closePops(); });
    document.addEventListener("click", (event) => { if (!this.menuBar.contains(event.target)) this.#closePops(); });
    this.#show("keys");
  }

  #round(name, label, onclick) {
    return h("button.round", { type: "button", "aria-label": label, title: label, onclick }, icon(name));
  }

  #panel(platform) {
    const item = (name, label, act) => h("button", { type: "button", onclick: () => { this.#togglePanel(false); act(); } }, h("span.panel-icon", {}, icon(name)), label);
    return h(
      "div.panel",
      { hidden: true },
      item("photo", "照片", () => this.picker.click()),
      item("camera", "示例照片", () => this.#samplePhoto()),
      // a DingTalk robot gets no location (protocols/dingtalk.md 4)
      platform === "wecom" ? item("pin", "位置", () => this.#place()) : null,
      item("voice", "语音", () => this.#voice()),
      // WeCom apps get no file messages (protocols/wecom.md 2.1)
      platform === "dingtalk" ? item("file", "文件", () => this.filePicker.click()) : null,
    );
  }

  #show(mode) {
    this.node.dataset.mode = mode;
    this.#togglePanel(false);
    this.toggle.replaceChildren(icon(mode === "menu" ? "keyboard" : "menu"));
    this.toggle.setAttribute("aria-label", mode === "menu" ? "切换到键盘" : "切换到菜单");
  }

  #togglePanel(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.plus.setAttribute("aria-expanded", String(open));
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #grow() {
    this.sendButton.hidden = !this.input.value.trim();
    this.plus.hidden = !this.sendButton.hidden;
    this.input.rows = Math.min(4, Math.max(1, this.input.value.split("\n").length, Math.ceil(this.input.scrollHeight / 24) - 1));
    if (!this.input.value) this.input.rows = 1;
  }

  #send() {
    const text = this.input.value;
    this.input.value = "";
    this.#grow();
    this.say(text);
  }

  async #picked(field, send) {
    const [file] = field.files;
    field.value = "";
    if (file) await this.#attach(send, file);
  }

  async #samplePhoto() {
    await this.#attach(api.photo, await samplePhoto(fullTime(this.#with.state.now())));
  }

  async #attach(send, file) {
    this.#with.waiting();
    await send(this.#with.who(), file);
  }

  #place() {
    askPlace((place) => {
      this.#with.waiting();
      api.location(this.#with.who(), place);
    });
  }

  #voice() {
    askVoice(this.#slot.platform, (note) => {
      this.#with.waiting();
      api.voice(this.#with.who(), note);
    });
  }

  #menuButton(button) {
    const subs = button.sub_button ?? [];
    if (!subs.length) return h("div.menu-item", {}, this.#menuAction(button));
    const pop = h("div.menu-pop", { role: "group", "aria-label": button.name, hidden: true }, subs.map((sub) => this.#menuAction(sub)));
    const opener = h("button", {
      type: "button", "aria-expanded": "false",
      onclick: () => {
        const open = pop.hidden;
        this.#closePops();
        pop.hidden = !open;
        opener.setAttribute("aria-expanded", String(open));
      },
    }, icon("menu"), button.name);
    return h("div.menu-item", {}, opener, pop);
  }

  #menuAction(button) {
    if (button.type === "view") {
      const href = safeUrl(button.url);
      return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, button.name) : "";
    }
    return h("button", { type: "button", dataset: { key: button.key ?? "" }, onclick: () => this.#menuClick(button) }, button.name);
  }

  async #menuClick(button) {
    this.#closePops();
    if (button.type === "location_select") return this.#place();
    if (String(button.type).startsWith("pic_")) return this.picker.click();
    this.#with.waiting();
    return api.menu(this.#with.who(), button.key);
  }

  #closePops() {
    for (const pop of this.menuBar.querySelectorAll(".menu-pop")) {
      pop.hidden = true;
      pop.previousElementSibling.setAttribute("aria-expanded", "false");
    }
  }
}
