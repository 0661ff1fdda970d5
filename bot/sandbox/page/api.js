// What the page asks the sandbox server, and nothing else.

import { address, toast } from "./dom.js";

async function call(path, options) {
  let response;
  try {
    response = await fetch(address(`sandbox/${path}`), options);
  } catch {
    toast("沙盒没有回应，可能已经停了");
    return null;
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body ?? {};
  toast(reason(body) ?? `沙盒拒绝了（${response.status}）`);
  return null;
}

function reason(body) {
  const text = body?.error ?? body?.detail ?? body?.message;
  return typeof text === "string" ? text : null;
}

const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

function upload(path, { platform, user, file }) {
  const form = new FormData();
  form.append("platform", platform);
  form.append("user", user);
  form.append("file", file, file.name);
  return call(path, { method: "POST", body: form });
}

export const api = {
  state: () => call("state"),
  say: (who, text) => post("say", { ...who, text }),
  tap: (who, message_id, what) => post("tap", { ...who, message_id, ...what }),
  menu: (who, key) => post("menu", { user: who.user, key }),
  enter: (who) => post("enter", who),
  location: (who, place) => post("location", { ...who, ...place }),
  voice: (who, note) => post("voice", { ...who, ...note }),
  photo: (who, file) => upload("photo", { ...who, file }),
  file: (who, file) => upload("file", { ...who, file }),
  decide: (user, instance_id, agree, remark) => post("decide", { user, instance_id, agree, remark }),
  transfer: (user, instance_id, to_user, remark) => post("transfer", { user, instance_id, to_user, remark }),
  revoke: (user, instance_id) => post("revoke", { user, instance_id }),
  clock: (change) => post("clock", change),
};

/** Server-sent events; `onReset` runs whenever the stream (re)opens, because something may have been missed. */
export function stream(listeners, onReset, onLost) {
  const source = new EventSource(address("sandbox/stream"));
  source.addEventListener("open", onReset);
  source.addEventListener("error", onLost);
  for (const [name, listener] of Object.entries(listeners)) {
    source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
  }
  return source;
}
