// What the page knows, and who wants to hear when it changes.

const KEEP_WIRE = 300;

export class State extends EventTarget {
  people = [];
  chats = new Map(); // chat key -> messages, oldest first
  approvals = new Map(); // instance_id -> DingTalk's own approval, oldest first
  wire = [];
  menus = {};
  clock = null; // {now, offset_seconds, seen}: `seen` is performance.now() when `now` held
  bot = { reachable: false, connections: 0 };
  #shown = new Map(recall()); // message id -> the business time (ms) it was first shown at

  load(snapshot) {
    this.people = snapshot.people ?? [];
    this.menus = snapshot.menus ?? {};
    this.bot = { ...this.bot, ...snapshot.bot, lost: false };
    this.wire = (snapshot.wire ?? []).slice(-KEEP_WIRE);
    this.#setClock(snapshot.clock);
    this.approvals = new Map((snapshot.oa ?? []).map((one) => [one.instance_id, one]));
    this.chats = new Map();
    for (const messages of Object.values(snapshot.phones ?? {})) messages.forEach((message) => this.#upsert(message));
    this.#tell("reset");
  }

  message(message) {
    const known = this.#upsert(message);
    this.#tell(known ? "update" : "message", message);
  }

  setApproval(approval) {
    this.approvals.set(approval.instance_id, approval);
    this.#tell("oa", approval);
  }

  addWire(entry) {
    const index = this.wire.findIndex((known) => known.id === entry.id);
    if (index >= 0) this.wire[index] = entry;
    else this.wire.push(entry);
    if (this.wire.length > KEEP_WIRE) this.wire.splice(0, this.wire.length - KEEP_WIRE);
    this.#tell("wire", entry);
  }

  setMenu(menus) {
    this.menus = Array.isArray(menus) ? { wecom: menus } : menus;
    this.#tell("menu");
  }

  setClock(clock) {
    this.#setClock(clock);
    this.#tell("clock");
  }

  setBot(bot) {
    this.bot = { ...this.bot, ...bot };
    this.#tell("bot");
  }

  messages(platform, user) {
    return this.chats.get(chatKey(platform, user)) ?? [];
  }

  /** Business time now, as a Date. Runs on between the server's reports. */
  now() {
    if (!this.clock) return new Date();
    return new Date(Date.parse(this.clock.now) + performance.now() - this.clock.seen);
  }

  /** When a message was said, in business time. Moving the clock later must not move what was said before. */
  timeOf(message) {
    if (!this.#shown.has(message.id)) {
      this.#shown.set(message.id, Date.parse(message.at) + (this.clock?.offset_seconds ?? 0) * 1000);
      remember(this.#shown);
    }
    return new Date(this.#shown.get(message.id));
  }

  #setClock(clock) {
    this.clock = clock?.now ? { ...clock, seen: performance.now() } : null;
  }

  #upsert(message) {
    const key = chatKey(message.platform, message.user);
    if (!this.chats.has(key)) this.chats.set(key, []);
    const chat = this.chats.get(key);
    const index = chat.findIndex((known) => known.id === message.id);
    if (index >= 0) chat[index] = message;
    else chat.push(message);
    this.timeOf(message);
    return index >= 0;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const SHOWN = "shown-at";
const KEEP_SHOWN = 500;

/** Platforms stamp messages with real time; which business time that was is only known while the clock stood so. */
function recall() {
  return JSON.parse(sessionStorage.getItem(SHOWN) ?? "[]");
}

function remember(shown) {
  sessionStorage.setItem(SHOWN, JSON.stringify([...shown].slice(-KEEP_SHOWN)));
}

/** WeCom compares user ids without case (protocols/wecom.md 4.1 answers them lower-cased). */
export function chatKey(platform, user) {
  return `${platform}:${platform === "wecom" ? String(user).toLowerCase() : user}`;
}
