import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Markdown, plainText } from "./Markdown";
import { onlyEmoji } from "./dialect";

const who = "0190c0de-0000-7000-8000-000000000002";
const mentions = [{ token: `<@${who}>`, name: "Bruno", written: "@bruno", person: who, channel: null, picture: null }];
const drawn = (body: string) => render(<Markdown body={body} mentions={mentions} />).container;

test("two low lines underline, two stars make bold", () => {
  expect(drawn("__a__ **b**").querySelector("u")?.textContent).toBe("a");
  expect(drawn("__a__ **b**").querySelector("strong")?.textContent).toBe("b");
});

test("what stands between bars is hidden until it is pressed, whatever it holds", () => {
  const page = drawn("it is ||**lemon** cake||");
  const button = page.querySelector<HTMLButtonElement>("button.spoiler");
  expect(button?.textContent).toBe("lemon cake");
  expect(plainText("it is ||**lemon** cake||")).toBe("it is ▮▮▮");
  expect(drawn("a || b").textContent).toBe("a || b");
  expect(drawn("`||code||`").querySelector(".spoiler")).toBeNull();
});

test("a mention shows the name, not the id", () => {
  expect(drawn(`hi <@${who}>!`).textContent).toBe("hi @Bruno!");
  expect(drawn("hi @everyone").querySelector(".mention")?.textContent).toBe("@everyone");
  expect(drawn("a@everyone.example").querySelector(".mention")).toBeNull();
  expect(drawn(`\`<@${who}>\``).querySelector(".mention")).toBeNull();
});

test("a time is shown in one's own words, and an impossible one harms nothing", () => {
  expect(drawn("<t:0:D>").querySelector("time")?.dateTime).toBe("1970-01-01T00:00:00.000Z");
  expect(drawn("<t:999999999999>").textContent).not.toContain("Invalid");
  expect(drawn("<t:99999999999999999>").querySelector("time")).toBeNull();
});

test("three arrows quote to the end, one arrow quotes a line", () => {
  expect(drawn(">>> a\n\nb").querySelector("blockquote")?.textContent).toBe("ab");
  expect(drawn("> a\n\nb").querySelector("blockquote")?.textContent).toBe("a");
  expect(drawn("```\n>>> a\n```").querySelector("blockquote")).toBeNull();
});

test("small print is small", () => {
  expect(drawn("-# hush").querySelector(".prose-small")?.textContent).toBe("hush");
  const page = drawn("loud **and**\n-# *hush*\nloud");
  expect(page.querySelector(".prose-small")?.textContent).toBe("hush");
  expect(page.textContent).toBe("loud andhushloud");
  expect(drawn("a -# b").querySelector(".prose-small")).toBeNull();
});

test("a few emoji alone are large, digits and words are not", () => {
  expect(["🎉", "👩‍🚀 🇩🇰", "❤️"].every(onlyEmoji)).toBe(true);
  expect(["", "1", "12", "ok 🎉", "#", "🎉".repeat(10)].some(onlyEmoji)).toBe(false);
});
