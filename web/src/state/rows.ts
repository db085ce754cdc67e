/**
 * A timeline as the rows that are drawn: the beginning, day lines, the unread line, messages in
 * groups by author, and what is not sent yet.
 */
import type { MessageView, OutboxView, PinLine, TimelineView } from "../wire";

export const groupWindow = 7 * 60_000;

export type Row =
  | { row: "start"; key: "start"; reason: "beginning" | "joined" | "more" }
  | { row: "day"; key: string; at: number }
  | { row: "unread"; key: "unread" }
  | { row: "message"; key: string; message: MessageView; first: boolean }
  | { row: "before"; key: string; count: number; first: number }
  | { row: "pin"; key: string; pin: PinLine }
  | { row: "pending"; key: string; entry: OutboxView; first: boolean };

/** The local calendar day of a time, as something comparable. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** Whether `next` continues the group of messages that `last` belongs to. */
export function continues(last: { author: string; at: number }, next: { author: string; at: number }): boolean {
  return last.author === next.author && next.at - last.at < groupWindow && dayOf(last.at) === dayOf(next.at);
}

/** `unreadAfter` is the cursor as it stood when the channel was opened; null shows no line. */
export function rowsOf(view: TimelineView, me: string, unreadAfter: number | null): Row[] {
  const rows: Row[] = [];
  const hidden = new Set(view.messages.filter((message) => message.content.content === "before_you_joined").map((message) => message.id));
  rows.push({ row: "start", key: "start", reason: startOf(view, hidden.size > 0) });

  const state = new Walk(rows);
  const unread = unreadAfter === null ? undefined : view.messages.find((message) => message.seq > unreadAfter && !message.mine && !hidden.has(message.id));
  // What was pinned before the first message on screen stands further up.
  const pins = view.pins.filter((pin) => pin.at >= (view.messages[0]?.at ?? 0));
  for (const message of view.messages) {
    while (pins[0] !== undefined && pins[0].at < message.at) state.pin(pins.shift());
    if (hidden.has(message.id)) {
      state.before(message);
      continue;
    }
    state.day(message.at);
    if (message === unread) state.unread();
    rows.push({ row: "message", key: message.id, message, first: state.opens(message.author, message.at, message.reply !== null) });
  }
  for (const pin of pins) state.pin(pin);
  const shown = new Set(view.messages.map((message) => message.id));
  for (const entry of view.pending) {
    // The outbox may still name what has just become a message with the same id.
    if (shown.has(entry.entry)) continue;
    state.day(entry.at);
    rows.push({ row: "pending", key: entry.entry, entry, first: state.opens(me, entry.at, entry.reply !== null) });
  }
  return rows;
}

function startOf(view: TimelineView, someHidden: boolean): "beginning" | "joined" | "more" {
  if (view.older_in_store || view.older_on_server) return "more";
  return view.since_joined && !someHidden ? "joined" : "beginning";
}

class Walk {
  #last: { author: string; at: number } | null = null;
  #day: string | null = null;
  readonly #rows: Row[];

  constructor(rows: Row[]) {
    this.#rows = rows;
  }

  day(at: number): void {
    const day = dayOf(at);
    if (day === this.#day) return;
    this.#day = day;
    this.#last = null;
    this.#rows.push({ row: "day", key: `day ${day}`, at });
  }

  pin(pin: PinLine | undefined): void {
    if (pin === undefined) return;
    this.day(pin.at);
    this.#last = null;
    this.#rows.push({ row: "pin", key: `pin ${pin.message}`, pin });
  }

  unread(): void {
    this.#last = null;
    this.#rows.push({ row: "unread", key: "unread" });
  }

  /** `anew`: it begins a group whoever spoke before. */
  opens(author: string, at: number, anew: boolean): boolean {
    const first = anew || this.#last === null || !continues(this.#last, { author, at });
    this.#last = { author, at };
    return first;
  }

  /** Neighbouring messages from before the person joined are one line. */
  before(message: MessageView): void {
    const last = this.#rows.at(-1);
    if (last?.row === "before") last.count += 1;
    else this.#rows.push({ row: "before", key: `before ${message.id}`, count: 1, first: message.seq });
    this.#last = null;
  }
}

/** The newest sequence number that is shown, 0 when there is none. */
export function newestSeq(view: TimelineView): number {
  return view.messages.at(-1)?.seq ?? 0;
}
