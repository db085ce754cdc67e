/**
 * Message text as nodes of the page. The text is parsed to a tree and each kind of node is drawn
 * by hand: there is no HTML in between, pictures are never fetched, and a link goes only where
 * its text can say.
 */
import type { Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmAutolinkLiteralFromMarkdown } from "mdast-util-gfm-autolink-literal";
import { gfmStrikethroughFromMarkdown } from "mdast-util-gfm-strikethrough";
import { gfmAutolinkLiteral } from "micromark-extension-gfm-autolink-literal";
import { gfmStrikethrough } from "micromark-extension-gfm-strikethrough";
import { createContext, Fragment, memo, type ReactNode, use, useMemo } from "react";
import type { MentionView } from "../wire";
import { CodeBlock } from "./CodeBlock";
import { inDialect, type Node, onlyEmoji, quoteToTheEnd } from "./dialect";
import { Mention, Moment, Spoiler } from "./Inline";
import "./markdown.css";

const off = { disable: { null: ["htmlFlow", "htmlText", "codeIndented", "setextUnderline", "definition", "labelStartImage", "thematicBreak"] } };

const trees = new Map<string, Root>();
const mostTrees = 600;

export function parseMessage(body: string): Root {
  const known = trees.get(body);
  if (known !== undefined) return known;
  const source = quoteToTheEnd(body);
  const tree = inDialect(fromMarkdown(source, {
    extensions: [off, gfmStrikethrough(), gfmAutolinkLiteral()],
    mdastExtensions: [gfmStrikethroughFromMarkdown(), gfmAutolinkLiteralFromMarkdown()],
  }));
  underline(tree, source);
  if (trees.size >= mostTrees) trees.delete(trees.keys().next().value ?? "");
  trees.set(body, tree);
  return tree;
}

/** Two low lines on either side underline; two stars make bold. The tree has one form for both. */
function underline(node: Root | Node, source: string): void {
  if (node.type === "strong" && source[node.position?.start.offset ?? -1] === "_") (node as { data?: object }).data = { underline: true };
  if ("children" in node) for (const child of node.children) underline(child as Node, source);
}

/** The text alone, in one line, for lists. What hides stays hidden. */
export function plainText(body: string): string {
  const words: string[] = [];
  const collect = (node: Root | Node): void => {
    if (node.type === "spoiler") {
      words.push("▮▮▮");
      return;
    }
    if ("value" in node) words.push(node.value);
    if ("children" in node) (node.children as Node[]).forEach(collect);
    if (["paragraph", "heading", "listItem", "code", "break"].includes(node.type)) words.push(" ");
  };
  collect(parseMessage(body));
  return words.join("").replaceAll(/\s+/g, " ").trim();
}

/** Where a link may lead; null for everything else, which stays text. */
export function safeAddress(url: string): string | null {
  try {
    const parsed = new URL(url);
    return ["https:", "http:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

const nobody: readonly MentionView[] = [];
export const MentionsContext = createContext<ReadonlyMap<string, MentionView>>(new Map());

/** Links are shown as text. */
const HeldContext = createContext(false);

export const Markdown = memo(function Markdown({ body, mentions = nobody, held = false }: { body: string; mentions?: readonly MentionView[]; held?: boolean }) {
  const known = useMemo(() => new Map(mentions.map((one) => [one.token, one])), [mentions]);
  return (
    <MentionsContext value={known}>
      <HeldContext value={held}>
        <div className={onlyEmoji(body) ? "prose prose-emoji" : "prose"} dir="auto">
          {drawAll(parseMessage(body).children)}
        </div>
      </HeldContext>
    </MentionsContext>
  );
});

function Mentioned({ token }: { token: string }) {
  return <Mention token={token} known={use(MentionsContext).get(token)} />;
}

function drawAll(nodes: readonly Node[]): ReactNode {
  return nodes.map((node, index) => (
    <Fragment key={`${node.type} ${("position" in node ? node.position?.start.offset : undefined) ?? `inner ${index}`}`}>{draw(node)}</Fragment>
  ));
}

function draw(node: Node): ReactNode {
  switch (node.type) {
    case "text":
      return lines(node.value);
    case "break":
      return <br />;
    case "paragraph":
      return small(node.children as Node[]);
    case "emphasis":
      return <em>{drawAll(node.children)}</em>;
    case "strong":
      return (node.data as { underline?: true } | undefined)?.underline ? <u>{drawAll(node.children)}</u> : <strong>{drawAll(node.children)}</strong>;
    case "delete":
      return <del>{drawAll(node.children)}</del>;
    case "inlineCode":
      return <code dir="ltr">{node.value}</code>;
    case "code":
      return <CodeBlock language={node.lang ?? null} code={node.value} />;
    case "spoiler":
      return <Spoiler>{drawAll(node.children)}</Spoiler>;
    case "mention":
      return <Mentioned token={node.value} />;
    case "moment":
      return <Moment at={node.at} style={node.style} />;
    case "heading":
      return <p className={`prose-heading prose-heading-${Math.min(node.depth, 3)}`}>{drawAll(node.children)}</p>;
    case "blockquote":
      return <blockquote>{drawAll(node.children)}</blockquote>;
    case "list":
      return node.ordered ? <ol start={node.start ?? 1}>{drawAll(node.children)}</ol> : <ul>{drawAll(node.children)}</ul>;
    case "listItem":
      return <li>{node.children.map((child) => (child.type === "paragraph" ? drawAll(child.children) : drawAll([child])))}</li>;
    case "link":
      return (
        <Linked url={node.url} bare={node.children.every((child) => child.type === "text" && node.url.endsWith(child.value))}>
          {drawAll(node.children)}
        </Linked>
      );
    default:
      return "value" in node ? node.value : "children" in node ? drawAll(node.children as Node[]) : null;
  }
}

/** Lines that begin with `-# ` are small print. */
function small(children: readonly Node[]): ReactNode {
  if (!children.some((child) => child.type === "text" && child.value.includes("-# "))) return <p dir="auto">{drawAll(children)}</p>;
  return (
    <p dir="auto">
      {linesOf(children).map((line, index) => {
        const first = line[0];
        const hushed = first?.type === "text" && first.value.startsWith("-# ");
        return (
          // oxlint-disable-next-line no-array-index-key -- lines of an unchanging text
          <Fragment key={index}>
            {index > 0 && <br />}
            {hushed ? <small className="prose-small">{drawAll([{ ...first, value: first.value.slice(3) }, ...line.slice(1)])}</small> : drawAll(line)}
          </Fragment>
        );
      })}
    </p>
  );
}

/** Inline parts cut at the ends of lines. */
function linesOf(children: readonly Node[]): Node[][] {
  const lines: Node[][] = [[]];
  for (const child of children) {
    if (child.type !== "text") {
      lines.at(-1)?.push(child);
      continue;
    }
    child.value.split("\n").forEach((value, index) => {
      if (index > 0) lines.push([]);
      if (value !== "") lines.at(-1)?.push({ type: "text", value });
    });
  }
  return lines;
}

/** In a conversation a new line is a new line. */
function lines(value: string): ReactNode {
  const parts = value.split("\n");
  if (parts.length === 1) return value;
  // oxlint-disable-next-line no-array-index-key -- lines of an unchanging text
  return parts.map((part, index) => <Fragment key={index}>{index > 0 ? <br /> : null}{part}</Fragment>);
}

/** Whether a text has anything in it that would be drawn as a link. */
export function hasLink(body: string): boolean {
  const within = (node: Root | Node): boolean => (node.type === "link" && safeAddress(node.url) !== null) || ("children" in node && (node.children as Node[]).some(within));
  return within(parseMessage(body));
}

/** `bare`: its words are its address. */
function Linked({ url, bare, children }: { url: string; bare: boolean; children: ReactNode }): ReactNode {
  const held = use(HeldContext);
  const address = safeAddress(url);
  if (address === null) return children;
  // Where it would lead is said beside its words, which may say something else.
  if (held) return bare ? children : <>{children} ({address})</>;
  return (
    <a href={address} title={address} target="_blank" rel="noopener noreferrer nofollow ugc">
      {children}
    </a>
  );
}
