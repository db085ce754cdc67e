/** A conversation as a file, made on this device: only here are the messages readable. */
import type { Command, CommandReply, MessageView, Query, ThreadView, TimelineView } from "../wire";

export type Form = "json" | "html";

type Ask = (query: Query) => Promise<unknown>;
type Give = (command: Command) => Promise<CommandReply>;

const page = 500;

/** Brings the whole history to this device, then reads it page by page, oldest first. */
export async function collect(channel: string, ask: Ask, give: Give, tell: (count: number) => void, stopped: () => boolean): Promise<MessageView[]> {
  let reached = false;
  while (!reached && !stopped()) {
    const newest = (await ask({ ask: "timeline", channel, before: null, limit: 1 })) as TimelineView;
    if (!newest.older_on_server) break;
    // oxlint-disable-next-line no-await-in-loop -- pages follow each other
    const reply = await give({ do: "load_history", channel, before: newest.messages[0]?.seq ?? 1 });
    reached = reply.outcome !== "history" || reply.reached_start || reply.loaded === 0;
  }
  const all: MessageView[] = [];
  let before: number | null = null;
  while (!stopped()) {
    // oxlint-disable-next-line no-await-in-loop -- pages follow each other
    const view = (await ask({ ask: "timeline", channel, before, limit: page })) as TimelineView;
    all.unshift(...view.messages);
    tell(all.length);
    const first: MessageView | undefined = view.messages[0];
    if (first === undefined || !view.older_in_store) break;
    before = first.seq;
  }
  return withThreads(channel, all, ask, stopped);
}

/** What stands in threads follows in the order of time, as everything else. */
async function withThreads(channel: string, all: MessageView[], ask: Ask, stopped: () => boolean): Promise<MessageView[]> {
  const inside: MessageView[] = [];
  for (const root of all) {
    if (root.thread === null) continue;
    let before: number | null = null;
    while (!stopped()) {
      // oxlint-disable-next-line no-await-in-loop -- pages follow each other
      const { thread } = (await ask({ ask: "thread", channel, thread: root.id, before, limit: page })) as { thread: ThreadView | null };
      if (thread === null) break;
      inside.push(...thread.messages);
      const first: MessageView | undefined = thread.messages[0];
      if (first === undefined) break;
      if (!thread.older_in_store) break;
      before = first.seq;
    }
  }
  return inside.length === 0 ? all : [...all, ...inside].toSorted((a, b) => a.seq - b.seq);
}

/** The text with its mentions as one writes them. */
function written(message: MessageView): string {
  if (message.content.content === "poll") return message.content.question;
  if (message.content.content !== "text") return "";
  return message.mentions.reduce((text, one) => text.replaceAll(one.token, one.written), message.content.body);
}

export function asJson(place: string, messages: readonly MessageView[]): string {
  const rows = messages.map((one) => ({
    id: one.id,
    seq: one.seq,
    at: new Date(one.at).toISOString(),
    author: one.author_name,
    author_id: one.author,
    body: one.content.content === "text" || one.content.content === "poll" ? written(one) : null,
    state: one.content.content,
    edited_at: one.edited_at === null ? null : new Date(one.edited_at).toISOString(),
    reply_to: one.reply?.message ?? null,
    thread: one.in_thread,
    forwarded_from: one.forwarded_from,
    reactions: one.reactions.map(({ emoji, count }) => ({ emoji, count })),
    poll: one.content.content === "poll" ? one.content.options.map(({ text, count }) => ({ text, count })) : undefined,
  }));
  return `${JSON.stringify({ place, made_at: new Date().toISOString(), messages: rows }, null, 1)}\n`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A page that any browser shows, without scripts and without anything from elsewhere. */
export function asHtml(place: string, messages: readonly MessageView[], words: { title: (place: string) => string; gone: string; answer: (author: string) => string }): string {
  const row = (one: MessageView): string => {
    const text = one.content.content === "text" || one.content.content === "poll" ? escaped(written(one)) : `<i>${words.gone}</i>`;
    const quote = one.reply?.author_name ? `<small>${escaped(words.answer(one.reply.author_name))}</small>` : "";
    const options = one.content.content === "poll" ? `<ol>${one.content.options.map(({ text: option, count }) => `<li>${escaped(option)} (${count})</li>`).join("")}</ol>` : "";
    const reactions = one.reactions.map(({ emoji, count }) => `${escaped(emoji)} ${count}`).join(" ");
    return `<article id="${escaped(one.id)}"><header><b dir="auto">${escaped(one.author_name)}</b> <time datetime="${new Date(one.at).toISOString()}">${escaped(new Date(one.at).toLocaleString())}</time></header>${quote}<p dir="auto">${text}</p>${options}${reactions === "" ? "" : `<small>${reactions}</small>`}</article>`;
  };
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(words.title(place))}</title>
<style>body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}article{padding:.4rem 0;border-bottom:1px solid #ddd}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}time,small{color:#666;font-size:.85rem}</style>
<h1 dir="auto">${escaped(words.title(place))}</h1>
${messages.map(row).join("\n")}
</html>
`;
}
