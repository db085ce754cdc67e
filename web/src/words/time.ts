/** Times as people say them: "just now", "4 min", then the time of day; days by name. */
import { locale, plural } from "./plural";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const relativeDay = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

export const timeOfDay = (at: number): string => clock.format(at);
export const wholeTime = (at: number): string => whole.format(at);
export const wholeDate = (at: number): string => date.format(at);

/** Whole local days from `at` to `now`; 0 is today. */
function daysBetween(at: number, now: number): number {
  const start = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((start(now) - start(at)) / day);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** The name of a day line. */
export function dayName(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0 || days === 1) return capital(relativeDay.format(-days, "day"));
  return days > 0 && days < 180 ? weekday.format(at) : date.format(at);
}

/** When something happened, short: for lists of conversations and devices. */
export function ago(at: number, now: number): string {
  const since = now - at;
  if (since < minute) return "just now";
  if (since < hour) return plural(Math.floor(since / minute), { other: "# min" });
  const days = daysBetween(at, now);
  if (days === 0) return clock.format(at);
  if (days === 1) return "yesterday";
  return days < 300 ? shortDate.format(at) : date.format(at);
}

const styles: Record<string, Intl.DateTimeFormatOptions> = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** A time that somebody wrote into a message, in the form they chose. */
export function moment(at: number, style: string): string {
  return new Intl.DateTimeFormat(undefined, styles[style] ?? styles["f"]).format(at);
}

const relativeTime = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const steps: ReadonlyArray<[number, Intl.RelativeTimeFormatUnit]> = [
  [365 * day, "year"],
  [30 * day, "month"],
  [7 * day, "week"],
  [day, "day"],
  [hour, "hour"],
  [minute, "minute"],
];

/** "in 3 hours", "2 days ago". */
export function relative(at: number, now: number): string {
  const [size, unit] = steps.find(([step]) => Math.abs(at - now) >= step) ?? [1000, "second"];
  return relativeTime.format(Math.round((at - now) / size), unit);
}

/** The same, in a sentence: "Last seen 4 min ago". */
export function agoInSentence(at: number, now: number): string {
  const since = now - at;
  return since >= minute && since < hour ? plural(Math.floor(since / minute), { other: "# min ago" }) : ago(at, now);
}

/** Whole seconds until a time, never below 0. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1000));
}
