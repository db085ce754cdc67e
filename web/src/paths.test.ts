import { expect, test } from "vitest";
import { suggestUsername } from "./parts/AccountForm";
import { groupsOf } from "./parts/RecoveryCard";
import { destination, signInFirst } from "./pages/SignIn";
import { inviteAddress, inviteOf, secretOf } from "./paths";

test("a whole link keeps its seed on the way to the invite page", () => {
  expect(inviteAddress(" https://chat.example:8765/invite/k7QmP2#V2hvIH-JlY_WRz ")).toBe("/invite/k7QmP2#V2hvIH-JlY_WRz");
});

test("a bare code is an invite too, and anything else is none", () => {
  expect(inviteAddress("k7QmP2")).toBe("/invite/k7QmP2");
  expect(inviteAddress("hello there")).toBeNull();
  expect(inviteAddress("")).toBeNull();
});

test("the part after # is the secret, and nothing is none", () => {
  expect(secretOf("#abc")).toBe("abc");
  expect(secretOf("")).toBeNull();
  expect(inviteOf("code", "seed")).toBe("code#seed");
  expect(inviteOf("code", null)).toBe("code");
});

test("signing in leads on only within this page", () => {
  expect(destination("#then=%2Finvite%2Fa%23b")).toBe("/invite/a#b");
  expect(destination("#then=https%3A%2F%2Fevil.example")).toBe("/");
  expect(destination("#then=%2F%2Fevil.example")).toBe("/");
  expect(destination("")).toBe("/");
});

test("signing in leads back to the page that was asked for", () => {
  const address = signInFirst("/invite/a#b");
  expect(destination(address.slice(address.indexOf("#")))).toBe("/invite/a#b");
  expect(signInFirst("/")).toBe("/sign-in");
});

test("a username is made of a name as well as it goes", () => {
  expect(suggestUsername("Göran Ström")).toBe("goran_strom");
  expect(suggestUsername("  -- ")).toBe("");
});

test("a recovery key has the same groups however it is written", () => {
  expect(groupsOf("4K7P Q2MX-9TRD")).toEqual(["4K7P", "Q2MX", "9TRD"]);
});
