import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

test("two people talk in a channel and in a direct message", async (t) => {
  const place = await stage(t);
  const alice = await place.person("Alice");
  const bob = await place.person("Bob");
  await alice.setUp();
  await alice.createGuild("Garden");
  await bob.joinBy(await alice.invite());
  for (const one of [alice, bob]) await one.openChannel("general");

  await alice.says("The gate is open");
  await bob.sees("The gate is open");
  await bob.says("Bringing bread");
  await alice.sees("Bringing bread");

  await bob.openConversation("Alice");
  await bob.says("Just for you");
  await alice.openConversation("Bob");
  await alice.sees("Just for you");
  for (const text of ["The gate is open", "Bringing bread", "Just for you"]) {
    assert.deepEqual(await place.filesWith(text), [], text);
  }
  // The search itself finds what the server does know.
  assert.notDeepEqual(await place.filesWith("Garden"), []);
  assert.deepEqual([...alice.faults, ...bob.faults], []);
});

test("two browsers and a terminal talk in one channel", async (t) => {
  const place = await stage(t);
  const alice = await place.person("Alice");
  const bob = await place.person("Bob");
  const trent = await place.terminal("trent");
  await alice.setUp();
  await alice.createGuild("Garden");
  const link = await alice.invite();
  await bob.joinBy(link);
  await trent.joinBy(link);
  for (const one of [alice, bob]) await one.openChannel("general");

  await trent.says("Garden/general", "from the terminal");
  for (const one of [alice, bob]) await one.sees("from the terminal");
  await bob.says("from a browser");
  await bob.seesSent("from a browser");
  await alice.says("from another");
  await alice.seesSent("from another");
  assert.deepEqual(await trent.reads("Garden/general"), ["from the terminal", "from a browser", "from another"]);
});

test("what was acknowledged before a crash of the server is everywhere once", async (t) => {
  const place = await stage(t);
  const alice = await place.person("Alice");
  const bob = await place.person("Bob");
  await alice.setUp();
  await alice.createGuild("Garden");
  await bob.joinBy(await alice.invite());
  for (const one of [alice, bob]) await one.openChannel("general");
  await alice.says("before the crash");
  await bob.sees("before the crash");

  await place.killServer();
  await alice.says("while it was away");
  await alice.sees("while it was away");
  await place.startServer();
  await bob.sees("while it was away");
  await alice.seesSent("while it was away");
  await bob.says("after the crash");
  await alice.sees("after the crash");
  for (const text of ["before the crash", "while it was away", "after the crash"]) {
    assert.deepEqual([await alice.count(text), await bob.count(text)], [1, 1], text);
  }
});
