import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

test("a second tab goes on when the first one closes", async (t) => {
  const place = await stage(t);
  const alice = await place.person("Alice");
  await alice.setUp();
  await alice.createGuild("Garden");
  await alice.openChannel("general");
  await alice.says("from the first tab");
  await alice.seesSent("from the first tab");

  const first = alice.page;
  await alice.openTab();
  await alice.sees("from the first tab");
  await alice.says("from the second tab");
  await alice.seesSent("from the second tab");
  await first.getByRole("log", { name: /^Messages in/ }).getByText("from the second tab").waitFor();

  await first.close();
  await alice.says("alone now");
  await alice.seesSent("alone now");
  assert.equal(await alice.count("alone now"), 1);
  assert.deepEqual(alice.faults, []);
});

test("the page opens without a network and shows what was read", async (t) => {
  const place = await stage(t);
  const alice = await place.person("Alice");
  await alice.setUp();
  await alice.createGuild("Garden");
  await alice.openChannel("general");
  await alice.says("to be read later");
  await alice.seesSent("to be read later");
  await alice.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

  await place.killServer();
  await alice.page.reload();
  await alice.sees("to be read later");
  await alice.says("kept until the server is back");
  await alice.sees("kept until the server is back");

  await place.startServer();
  await alice.seesSent("kept until the server is back");
  assert.deepEqual(alice.faults, []);
});
