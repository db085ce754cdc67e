import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

test("a second browser that the first one approved reads and writes from then on", async (t) => {
  const place = await stage(t);
  const alice = await place.person("Alice");
  const bob = await place.person("Bob");
  await alice.setUp();
  await alice.createGuild("Garden");
  await bob.joinBy(await alice.invite());
  for (const one of [alice, bob]) await one.openChannel("general");
  await bob.says("before the second browser");
  await alice.sees("before the second browser");

  const again = await place.person("Alice", "Alice on the sofa");
  const code = await again.signInHere();
  await alice.approves(code);
  await again.openGuild("Garden");
  await again.openChannel("general");
  await bob.says("to both of Alice's browsers");
  for (const one of [alice, again]) await one.sees("to both of Alice's browsers");
  await again.says("from the second browser");
  await again.seesSent("from the second browser");
  for (const one of [alice, bob]) await one.sees("from the second browser");
  assert.deepEqual([...alice.faults, ...again.faults, ...bob.faults], []);
});
