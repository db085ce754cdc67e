import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

test("a second browser that the first one approved reads and writes from then on", async (t) => {
  const { alice, bob, again } = await aliceHasANewBrowser(t);
  const code = await again.signInHere();
  await alice.approves(code);
  await isAlicesToo(again, { alice, bob });
});

test("a second browser gets in by comparing emoji", async (t) => {
  const { alice, bob, again } = await aliceHasANewBrowser(t);
  await again.signInHere();
  await alice.comparesWithTheDeviceThatWaits();
  const [shownHere, shownThere] = await Promise.all([alice.emoji(), again.emoji()]);
  assert.equal(shownHere.length, 7);
  assert.deepEqual(shownHere, shownThere);
  await alice.saysTheyAreTheSame();
  await again.saysTheyAreTheSame();
  await again.page.getByRole("alertdialog").getByRole("button", { name: "Close" }).last().click();
  await isAlicesToo(again, { alice, bob });
});

test("a second browser gets in by its code in front of the first one's camera", async (t) => {
  const { alice, bob, again } = await aliceHasANewBrowser(t);
  await again.signInHere();
  await again.showsItsCodeTo(alice);
  await isAlicesToo(again, { alice, bob });
});

test("a second browser gets in by the recovery key alone", async (t) => {
  const { alice, bob, again } = await aliceHasANewBrowser(t);
  const key = await alice.recoveryKey();
  await again.recoversHere(key);
  await isAlicesToo(again, { alice, bob });
});

/** Alice and Bob talk in a server of Alice's, and Alice opens another browser. */
async function aliceHasANewBrowser(t) {
  const place = await stage(t);
  const alice = await place.person("Alice");
  const bob = await place.person("Bob");
  await alice.setUp();
  await alice.createGuild("Garden");
  await bob.joinBy(await alice.invite());
  for (const one of [alice, bob]) await one.openChannel("general");
  await bob.says("before the second browser");
  await alice.sees("before the second browser");
  return { alice, bob, again: await place.person("Alice", "Alice on the sofa") };
}

async function isAlicesToo(again, { alice, bob }) {
  await again.openGuild("Garden");
  await again.openChannel("general");
  await bob.says("to both of Alice's browsers");
  await again.sees("to both of Alice's browsers");
  await again.says("from the second browser");
  await again.seesSent("from the second browser");
  await bob.sees("from the second browser");
  assert.deepEqual([...alice.faults, ...again.faults, ...bob.faults], []);
}
