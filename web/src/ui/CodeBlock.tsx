/** Code in colours. The library that knows languages comes when the first block with one is seen. */
import type { Root, RootContent } from "hast";
import { type ReactNode, useEffect, useState } from "react";
import { CopyButton } from "./CopyButton";
import { code as words } from "../words";

/** Longer code is shown without colours: it would hold up the page. */
const mostColoured = 8_000;

type Lowlight = ReturnType<(typeof import("lowlight"))["createLowlight"]>;
let library: Promise<Lowlight> | null = null;
const load = () => (library ??= import("lowlight").then(({ common, createLowlight }) => createLowlight(common)));

export function CodeBlock({ language, code }: { language: string | null; code: string }) {
  const tree = useColours(language, code);
  return (
    <div className="code" dir="ltr">
      {/* The block scrolls sideways, so the keyboard must reach it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0}>
        <code>{tree === null ? code : draw(tree.children)}</code>
      </pre>
      <div className="code-foot">
        <CopyButton text={code} label={words.copyShort} name={words.copy} look="quiet" small />
        {language !== null && <span className="code-language">{language}</span>}
      </div>
    </div>
  );
}

function useColours(language: string | null, code: string): Root | null {
  const [tree, setTree] = useState<Root | null>(null);
  useEffect(() => {
    setTree(null);
    if (language === null || code.length > mostColoured) return;
    let here = true;
    void load().then((lowlight) => {
      if (here && lowlight.registered(language)) setTree(lowlight.highlight(language, code));
    });
    return () => {
      here = false;
    };
  }, [language, code]);
  return tree;
}

function draw(nodes: readonly RootContent[]): ReactNode {
  return nodes.map((node, index) => {
    if (node.type === "text") return node.value;
    if (node.type !== "element") return null;
    const names = node.properties["className"];
    return (
      // oxlint-disable-next-line no-array-index-key -- parts of an unchanging text
      <span key={index} className={Array.isArray(names) ? names.join(" ") : undefined}>
        {draw(node.children as RootContent[])}
      </span>
    );
  });
}
