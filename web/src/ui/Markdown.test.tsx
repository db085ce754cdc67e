import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Markdown, plainText, safeAddress } from "./Markdown";

const html = (body: string) => render(<Markdown body={body} />).container.querySelector(".prose")?.innerHTML ?? "";

test("stars, strokes and code have their form", () => {
  expect(html("**a** *b* ~~c~~ `d`")).toBe('<p dir="auto"><strong>a</strong> <em>b</em> <del>c</del> <code dir="ltr">d</code></p>');
});

test("HTML in a message stays visible text", () => {
  const drawn = render(<Markdown body={"<img src=x onerror=alert(1)> <b>hi</b>"} />).container;
  expect(drawn.querySelector("img, b")).toBeNull();
  expect(drawn.textContent).toContain("<img src=x onerror=alert(1)>");
});

test("a picture is never fetched", () => {
  const drawn = render(<Markdown body="![cat](https://example.org/cat.png)" />).container;
  expect(drawn.querySelector("img")).toBeNull();
});

test("a link that runs a script stays text", () => {
  const drawn = render(<Markdown body="[click](javascript:alert(1))" />).container;
  expect(drawn.querySelector("a")).toBeNull();
  expect(drawn.textContent).toBe("click");
  expect(safeAddress("data:text/html,x")).toBeNull();
});

test("a bare address becomes a link that tells nothing of where it was", () => {
  const link = render(<Markdown body="see https://example.org/a?b=c." />).container.querySelector("a");
  expect(link?.getAttribute("href")).toBe("https://example.org/a?b=c");
  expect(link?.rel).toContain("noreferrer");
});

test("a link of somebody new is text that says where it would lead", () => {
  const drawn = render(<Markdown body="[a prize](https://example.org/x)" held />).container;
  expect(drawn.querySelector("a")).toBeNull();
  expect(drawn.textContent).toBe("a prize (https://example.org/x)");
  const bare = render(<Markdown body="see https://example.org/x" held />).container;
  expect(bare.querySelector("a")).toBeNull();
  expect(bare.textContent).toBe("see https://example.org/x");
});

test("a new line is a new line, and four spaces are no code", () => {
  expect(html("one\ntwo")).toBe('<p dir="auto">one<br>two</p>');
  expect(html("    indented")).not.toContain("<pre>");
});

test("a line of dashes under a text makes no heading", () => {
  expect(html("text\n---")).not.toContain("heading");
});

test("code keeps its lines and its signs", () => {
  const drawn = render(<Markdown body={"```\n<b>&\n  x\n```"} />).container;
  expect(drawn.querySelector("pre code")?.textContent).toBe("<b>&\n  x");
});

test("a preview is the text without its signs", () => {
  expect(plainText("**Hi**, see\n\n- `one`\n- [two](https://example.org)")).toBe("Hi, see one two");
});
