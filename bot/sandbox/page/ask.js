// Small dialogs: where am I, what did I say.

import { dialog, h } from "./dom.js";
import { PLACES, VOICE_NOTES } from "./samples.js";

function form(title, fields, action, done) {
  const node = h(
    "form.ask",
    {
      method: "dialog",
      onsubmit: (event) => {
        event.preventDefault();
        done(Object.fromEntries(new FormData(node)));
        box.close();
      },
    },
    fields,
    h("div.ask-buttons", {}, h("button.primary", { type: "submit" }, action)),
  );
  const box = dialog(title, node);
  return node;
}

function field(label, props) {
  return h("label.field", {}, h("span", {}, label), h("input", props));
}

export function askPlace(done) {
  const label = field("地点", { name: "label", required: true, maxLength: 200, value: PLACES[0].label });
  const lat = field("纬度", { name: "lat", type: "number", step: "any", min: -90, max: 90, required: true, value: PLACES[0].lat });
  const lng = field("经度", { name: "lng", type: "number", step: "any", min: -180, max: 180, required: true, value: PLACES[0].lng });
  const fill = (place) => {
    label.querySelector("input").value = place.label;
    lat.querySelector("input").value = place.lat;
    lng.querySelector("input").value = place.lng;
  };
  const presets = h("fieldset.presets", {}, h("legend", {}, "我在"), PLACES.map((place, index) => h(
    "label",
    {},
    h("input", { type: "radio", name: "preset", value: String(index), checked: index === 0, onchange: () => fill(place) }),
    h("span", {}, place.label),
  )));
  form("发送位置", [presets, h("details", {}, h("summary", {}, "改成别的地方"), label, h("div.pair", {}, lat, lng))], "发送", (values) =>
    done({ label: values.label, lat: Number(values.lat), lng: Number(values.lng) }));
}

export function askVoice(platform, done) {
  const hint = platform === "wecom"
    ? "企业微信只把录音给机器人，不给文字：演示里由沙盒代替语音识别服务；正式使用要在 [speech] 里配置。"
    : "钉钉会把识别出的文字一起交给机器人。";
  form(
    "按住说话",
    [
      h("label.field", {}, h("span", {}, "说了什么"), h("textarea", { name: "text", rows: 3, maxLength: 500, value: VOICE_NOTES[platform] })),
      field("几秒", { name: "seconds", type: "number", min: 1, max: 60, required: true, value: 9 }),
      h("p.hint", {}, hint),
    ],
    "发送",
    (values) => done({ seconds: Number(values.seconds), text: values.text.trim() }),
  );
}
