/**
 * What the dialect of chats has beyond CommonMark, as changes of the parsed tree: spoilers
 * between two bars, mentions, times, a quote to the end of the text, small print.
 */
import type { PhrasingContent, Root, RootContent, Text } from "mdast";

export interface Spoiler {
  type: "spoiler";
  children: Inline[];
}
export interface MentionNode {
  type: "mention";
  value: string;
}
export interface Moment {
  type: "moment";
  at: number;
  style: string;
  value: string;
}
export type Inline = PhrasingContent | Spoiler | MentionNode | Moment;
export type Node = RootContent | Inline;

/** `>>> ` makes a quote of everything that follows, outside of code. */
export function quoteToTheEnd(body: string): string {
  const lines = body.split("\n");
  let fenced = false;
  const from = lines.findIndex((line) => {
    if (line.startsWith("```")) fenced = !fenced;
    return !fenced && line.startsWith(">>> ");
  });
  if (from < 0) return body;
  return lines.map((line, index) => (index < from ? line : `> ${index === from ? line.slice(4) : line}`)).join("\n");
}

const id = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const special = new RegExp(`<(?:[@#]|:[a-z0-9_]{2,20}:)${id}>|<t:-?\\d{1,12}(?::[tTdDfFR])?>|(?<![\\w@])@(?:everyone|here)(?![\\w])`, "g");

/** Changes the tree where it stands. */
export function inDialect(tree: Root): Root {
  visit(tree as unknown as Parent);
  return tree;
}

interface Parent {
  type: string;
  children: Node[];
}

function visit(parent: Parent): void {
  if (["paragraph", "heading", "strong", "emphasis", "delete", "link", "tableCell"].includes(parent.type)) parent.children = spoilers(parent.children.flatMap((child) => (child.type === "text" ? named(child) : [child as Inline])));
  for (const child of parent.children) if ("children" in child) visit(child as unknown as Parent);
}

/** A text cut at mentions and times. */
function named(text: Text): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of text.value.matchAll(special)) {
    if (match.index > from) parts.push({ ...text, value: text.value.slice(from, match.index) });
    parts.push(marked(match[0]));
    from = match.index + match[0].length;
  }
  if (from === 0) return [text];
  if (from < text.value.length) parts.push({ type: "text", value: text.value.slice(from) });
  return parts;
}

function marked(found: string): Inline {
  const time = /^<t:(-?\d+)(?::(\w))?>$/.exec(found);
  return time === null ? { type: "mention", value: found } : { type: "moment", at: Number(time[1]) * 1000, style: time[2] ?? "f", value: found };
}

/** What stands between two `||`, whatever is in between; a lone one stays. */
function spoilers(children: Inline[]): Inline[] {
  const cut = children.flatMap((child): Array<Inline | "bars"> => {
    if (child.type !== "text" || !child.value.includes("||")) return [child];
    return child.value.split("||").flatMap((value, index): Array<Inline | "bars"> => {
      const piece: Inline[] = value === "" ? [] : [{ type: "text", value }];
      return index === 0 ? piece : ["bars", ...piece];
    });
  });
  const done: Inline[] = [];
  for (let at = 0; at < cut.length; at += 1) {
    const one = cut[at];
    if (one === undefined) continue;
    if (one !== "bars") {
      done.push(one);
      continue;
    }
    const close = cut.indexOf("bars", at + 1);
    const inside = close < 0 ? [] : cut.slice(at + 1, close).filter((piece) => piece !== "bars");
    if (inside.length === 0) {
      done.push({ type: "text", value: "||" });
      continue;
    }
    done.push({ type: "spoiler", children: inside });
    at = close;
  }
  return done;
}

/** Whether the text is a few emoji and nothing else: then they may be large. */
export function onlyEmoji(body: string): boolean {
  const text = body.trim();
  if (text === "" || text.length > 120 || /[\w\d#*]/.test(text.replaceAll(/[#*\d]\uFE0F?\u20E3/g, ""))) return false;
  const clusters = [...new Intl.Segmenter().segment(text.replaceAll(/\s/g, ""))].map(({ segment }) => segment);
  return clusters.length <= 9 && clusters.every((one) => /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/u.test(one));
}
