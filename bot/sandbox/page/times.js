// Times as the two apps write them, in Shanghai time wherever the browser sits.

const ZONE = "Asia/Shanghai";
const DAY = 86_400_000;
const parts = new Intl.DateTimeFormat("zh-CN", {
  timeZone: ZONE, year: "numeric", month: "numeric", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

export function split(date) {
  const found = Object.fromEntries(parts.formatToParts(date).map(({ type, value }) => [type, value]));
  return { ...found, month: found.month.padStart(2, "0"), day: found.day.padStart(2, "0") };
}

export function hourMinute(date) {
  const { hour, minute } = split(date);
  return `${hour}:${minute}`;
}

export function dayNumber(date) {
  const { year, month, day } = split(date);
  return Math.round(Date.UTC(+year, +month - 1, +day) / DAY);
}

/** The grey line between messages: "8:31", "昨天 8:31", "周二 8:31", "2月3日 8:31". */
export function chatTime(date, now) {
  const { year, month, day, weekday } = split(date);
  const clock = hourMinute(date);
  const days = dayNumber(now) - dayNumber(date);
  if (days === 0) return clock;
  if (days === 1) return `昨天 ${clock}`;
  if (days > 1 && days < 7) return `${weekday} ${clock}`;
  if (year === split(now).year) return `${+month}月${+day}日 ${clock}`;
  return `${year}年${+month}月${+day}日 ${clock}`;
}

export function fullTime(date) {
  const { year, month, day, weekday, hour, minute } = split(date);
  return `${year}-${month}-${day} ${weekday} ${hour}:${minute}`;
}

export function wireTime(date) {
  const { hour, minute, second } = split(date);
  return `${hour}:${minute}:${second}`;
}

/** Value for a datetime-local field, in Shanghai time. */
export function fieldValue(date) {
  const { year, month, day, hour, minute } = split(date);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** ISO time with Shanghai's offset (no daylight saving since 1991). */
export function isoShanghai(local) {
  return `${local}:00+08:00`;
}

export function tomorrowAt(date, clock) {
  return isoShanghai(`${fieldValue(new Date(date.getTime() + DAY)).slice(0, 10)}T${clock}`);
}
