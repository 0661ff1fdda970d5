// WeCom template cards (protocols/wecom.md 4.3 to 4.9), from the JSON as it was sent.

import { h, icon, link, safeUrl } from "./dom.js";

const SOURCE_COLOURS = ["grey", "black", "red", "green"];
const BUTTON_STYLES = { 1: "primary", 2: "default", 3: "danger", 4: "plain" };

export function wecomCard(message, actions) {
  const card = message.card ?? {};
  const face = card.face ?? {};
  const locked = Boolean(card.disabled || card.replace_text || face.replace_text);
  const tap = (key, node, selected) => {
    node?.classList.add("busy");
    actions.tap(message, { key, ...(selected ? { selected } : {}) });
  };
  return h(
    "div.bubble.card.template",
    { class: `type-${String(face.card_type ?? "").replace(/\W/g, "")}`, dataset: { card: card.task_id ?? "" } },
    source(face, locked, tap),
    pressable(face, [
      picture(face),
      mainTitle(face.main_title),
      face.emphasis_content ? h("div.emphasis", {}, h("strong", {}, face.emphasis_content.title ?? ""), h("span", {}, face.emphasis_content.desc ?? "")) : null,
      quote(face.quote_area),
      imageText(face.image_text_area),
      face.sub_title_text ? h("p.sub-title", {}, face.sub_title_text) : null,
      vertical(face.vertical_content_list),
      horizontal(face.horizontal_content_list),
    ]),
    jumps(face.jump_list),
    controls(face, card, locked, tap),
  );
}

function source(face, locked, tap) {
  const { source: from, action_menu: menu } = face;
  if (!from?.desc && !menu) return null;
  const picture = safeUrl(from?.icon_url);
  return h(
    "div.source",
    {},
    picture ? h("img", { src: picture, alt: "" }) : h("img", { src: "page/bot.svg", alt: "" }),
    h("span", { class: SOURCE_COLOURS[from?.desc_color ?? 0] ?? "grey" }, from?.desc ?? ""),
    menu ? actionMenu(menu, tap) : null,
  );
}

function actionMenu(menu, tap) {
  return h(
    "details.action-menu",
    {},
    h("summary", { "aria-label": menu.desc || "更多操作" }, icon("more")),
    h("div", {}, (menu.action_list ?? []).map((action) => h("button", { type: "button", onclick: (event) => tap(action.key, event.currentTarget) }, action.text ?? ""))),
  );
}

function pressable(face, children) {
  const url = face.card_action?.type === 1 ? safeUrl(face.card_action.url) : null;
  return url ? h("a.card-body", { href: url, target: "_blank", rel: "noopener noreferrer" }, children) : h("div.card-body", {}, children);
}

function picture(face) {
  const src = safeUrl(face.card_image?.url);
  return src ? h("img.card-image", { src, alt: "", class: face.card_image.aspect_ratio >= 1.8 ? "wide" : "" }) : null;
}

function mainTitle(title) {
  if (!title?.title && !title?.desc) return null;
  return [title.title ? h("div.main-title", {}, title.title) : null, title.desc ? h("div.main-desc", {}, title.desc) : null];
}

function quote(area) {
  if (!area?.title && !area?.quote_text) return null;
  const content = h("div.quote-area", {}, area.title ? h("strong", {}, area.title) : null, area.quote_text ? h("span", {}, area.quote_text) : null);
  return area.type === 1 ? link(area.url, content) : content;
}

function imageText(area) {
  if (!area) return null;
  const src = safeUrl(area.image_url);
  return h("div.image-text", {}, h("div", {}, h("strong", {}, area.title ?? ""), h("span", {}, area.desc ?? "")), src ? h("img", { src, alt: "" }) : null);
}

function vertical(list) {
  if (!list?.length) return null;
  return h("div.vertical", {}, list.map((item) => h("div", {}, h("strong", {}, item.title ?? ""), h("span", {}, item.desc ?? ""))));
}

function horizontal(list) {
  if (!list?.length) return null;
  const value = (item) => (item.type === 1 ? link(item.url, item.value ?? "") : h("span", { class: item.type ? "linked" : "" }, item.value ?? ""));
  return h("dl.horizontal", {}, list.map((item) => h("div", {}, h("dt", {}, item.keyname ?? ""), h("dd", {}, value(item)))));
}

function jumps(list) {
  if (!list?.length) return null;
  return h("div.jumps", {}, list.map((item) => {
    const content = h("span.card-jump", {}, h("span", {}, item.title ?? ""), icon("chevron"));
    return item.type === 1 ? link(item.url, content) : content;
  }));
}

function controls(face, card, locked, tap) {
  const done = card.replace_text || face.replace_text;
  if (face.button_list?.length) return buttons(face, card, locked, done, tap);
  if (face.submit_button) return form(face, locked, done, tap);
  return null;
}

function buttons(face, card, locked, done, tap) {
  const selection = face.button_selection ? chooser(face.button_selection, locked) : null;
  if (done) return h("div.buttons", {}, selection, h("button.replaced", { type: "button", disabled: true }, done));
  const many = face.button_list.length > 4; // a stack of six would push the card off the screen
  return h("div.buttons", { class: many ? "many" : "" }, selection, face.button_list.map((button) => {
    const style = BUTTON_STYLES[button.style ?? 1] ?? "primary";
    if (button.type === 1) {
      const href = safeUrl(button.url);
      return href ? h(`a.${style}`, { href, target: "_blank", rel: "noopener noreferrer" }, button.text ?? "") : null;
    }
    return h(`button.${style}`, {
      type: "button",
      disabled: locked,
      class: card.chosen && card.chosen === button.key ? "chosen" : "",
      dataset: { key: button.key ?? "" },
      onclick: (event) => tap(button.key, event.currentTarget, selection ? chosenOptions(selection) : null),
    }, button.text ?? "");
  }));
}

function chooser(spec, locked) {
  return h("label.chooser", {}, h("span", {}, spec.title ?? ""), h(
    "select",
    { name: spec.question_key, disabled: locked || spec.disable },
    (spec.option_list ?? []).map((option) => h("option", { value: option.id, selected: option.id === spec.selected_id }, option.text ?? "")),
  ));
}

/** {question_key: [option ids]} of every control inside. */
function chosenOptions(node) {
  const selects = [...node.querySelectorAll("select")].map((select) => [select.name, [select.value]]);
  const boxes = [...node.querySelectorAll("fieldset")].map((box) => [box.name, [...box.querySelectorAll("input:checked")].map((input) => input.value)]);
  return Object.fromEntries([...selects, ...boxes]);
}

/** Vote and multiple-choice cards: controls plus one submit button. */
function form(face, locked, done, tap) {
  const box = face.checkbox;
  const node = h(
    "form.buttons",
    {
      onsubmit: (event) => {
        event.preventDefault();
        tap(face.submit_button.key, event.submitter, chosenOptions(node));
      },
    },
    box ? h("fieldset.options", { name: box.question_key, disabled: locked || box.disable }, (box.option_list ?? []).map((option) => h("label", {},
      h("input", { type: box.mode === 1 ? "checkbox" : "radio", name: box.question_key, value: option.id, checked: Boolean(option.is_checked) }),
      h("span", {}, option.text ?? "")))) : null,
    (face.select_list ?? []).map((spec) => chooser(spec, locked)),
    h(done ? "button.replaced" : "button.primary", { type: "submit", disabled: locked }, done || face.submit_button.text || "提交"),
  );
  return node;
}
