/**
 * Message text as nodes of the page. The text is parsed to a tree and each kind of node is drawn
 * by hand: there is no HTML in between, pictures are never fetched, and a link goes only where
 * its text can say.
 */
import type { PhrasingContent, Root, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmAutolinkLiteralFromMarkdown } from "mdast-util-gfm-autolink-literal";
import { gfmStrikethroughFromMarkdown } from "mdast-util-gfm-strikethrough";
import { gfmAutolinkLiteral } from "micromark-extension-gfm-autolink-literal";
import { gfmStrikethrough } from "micromark-extension-gfm-strikethrough";
import { Fragment, memo, type ReactNode } from "react";
import "./markdown.css";

const off = { disable: { null: ["htmlFlow", "htmlText", "codeIndented", "setextUnderline", "definition", "labelStartImage", "thematicBreak"] } };

const trees = new Map<string, Root>();
const mostTrees = 600;

export function parseMessage(body: string): Root {
  const known = trees.get(body);
  if (known !== undefined) return known;
  const tree = fromMarkdown(body, {
    extensions: [off, gfmStrikethrough(), gfmAutolinkLiteral()],
    mdastExtensions: [gfmStrikethroughFromMarkdown(), gfmAutolinkLiteralFromMarkdown()],
  });
  if (trees.size >= mostTrees) trees.delete(trees.keys().next().value ?? "");
  trees.set(body, tree);
  return tree;
}

/** The text alone, in one line, for lists. */
export function plainText(body: string): string {
  const words: string[] = [];
  const collect = (node: Root | Node): void => {
    if ("value" in node) words.push(node.value);
    if ("children" in node) node.children.forEach(collect);
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

export const Markdown = memo(function Markdown({ body }: { body: string }) {
  return (
    <div className="prose" dir="auto">
      {drawAll(parseMessage(body).children)}
    </div>
  );
});

type Node = RootContent | PhrasingContent;

function drawAll(nodes: readonly Node[]): ReactNode {
  return nodes.map((node, index) => (
    <Fragment key={`${node.type} ${node.position?.start.offset ?? index}`}>{draw(node)}</Fragment>
  ));
}

function draw(node: Node): ReactNode {
  switch (node.type) {
    case "text":
      return lines(node.value);
    case "break":
      return <br />;
    case "paragraph":
      return <p dir="auto">{drawAll(node.children)}</p>;
    case "emphasis":
      return <em>{drawAll(node.children)}</em>;
    case "strong":
      return <strong>{drawAll(node.children)}</strong>;
    case "delete":
      return <del>{drawAll(node.children)}</del>;
    case "inlineCode":
      return <code dir="ltr">{node.value}</code>;
    case "code":
      return (
        // The block scrolls sideways, so the keyboard must reach it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre dir="ltr" tabIndex={0}>
          <code>{node.value}</code>
        </pre>
      );
    case "heading":
      return <p className={`prose-heading prose-heading-${Math.min(node.depth, 3)}`}>{drawAll(node.children)}</p>;
    case "blockquote":
      return <blockquote>{drawAll(node.children)}</blockquote>;
    case "list":
      return node.ordered ? <ol start={node.start ?? 1}>{drawAll(node.children)}</ol> : <ul>{drawAll(node.children)}</ul>;
    case "listItem":
      return <li>{node.children.map((child) => (child.type === "paragraph" ? drawAll(child.children) : drawAll([child])))}</li>;
    case "link":
      return link(node.url, drawAll(node.children));
    default:
      return "value" in node ? node.value : "children" in node ? drawAll(node.children as Node[]) : null;
  }
}

/** In a conversation a new line is a new line. */
function lines(value: string): ReactNode {
  const parts = value.split("\n");
  if (parts.length === 1) return value;
  // oxlint-disable-next-line no-array-index-key -- lines of an unchanging text
  return parts.map((part, index) => <Fragment key={index}>{index > 0 ? <br /> : null}{part}</Fragment>);
}

function link(url: string, children: ReactNode): ReactNode {
  const address = safeAddress(url);
  if (address === null) return children;
  return (
    <a href={address} title={address} target="_blank" rel="noopener noreferrer nofollow ugc">
      {children}
    </a>
  );
}
