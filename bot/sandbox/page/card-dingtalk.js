// The one DingTalk card template: title, markdown body, status line, dynamic buttons, an input (interface.md).

import { h } from "./dom.js";
import { DINGTALK, markdown } from "./markdown.js";

const COLOURS = new Set(["blue", "gray", "red"]);

export function dingtalkCard(message, actions) {
  const { vars = {}, pending = false, error = "", out_track_id: track = "" } = message.card ?? {};
  const buttons = parsed(vars.btns);
  const live = buttons.some((button) => button.status !== "disabled");
  const input = live ? h("input.card-input", { type: "text", placeholder: "补充一句（可不填）", "aria-label": "随按钮一起提交的文字", maxLength: 500 }) : null;
  return h(
    "div.bubble.card.ding-card",
    { class: pending ? "pending" : "", dataset: { card: track } },
    vars.title ? h("div.ding-title", {}, vars.title) : null,
    vars.body ? markdown(vars.body, DINGTALK) : null,
    vars.status ? h("p.ding-status", {}, markdown(vars.status, DINGTALK)) : null,
    error ? h("p.ding-error", { role: "alert" }, error) : null,
    input,
    buttons.length ? h("div.ding-buttons", { class: buttons.length === 4 ? "pairs" : "" }, buttons.map((button) => drawButton(button, message, actions, input, pending))) : null,
  );
}

function parsed(list) {
  if (Array.isArray(list)) return list;
  try {
    const value = JSON.parse(list || "[]");
    return Array.isArray(value) ? value.filter((one) => one && typeof one === "object") : [];
  } catch {
    return [];
  }
}

function drawButton(button, message, actions, input, pending) {
  const { actionId = "", params = {} } = button.event?.params ?? {};
  const colour = COLOURS.has(button.color) ? button.color : "gray";
  return h(
    `button.${colour}`,
    {
      type: "button",
      disabled: pending || button.status === "disabled",
      dataset: { action: actionId },
      onclick: (event) => {
        event.currentTarget.classList.add("busy");
        const text = input?.value.trim();
        actions.tap(message, { action: actionId, params, ...(text ? { text } : {}) });
      },
    },
    button.text ?? "",
  );
}
