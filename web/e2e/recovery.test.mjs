import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

/** Alice with a guild, Bob in it, and something said by both. */
async function talk(place, bobsBrowser = "Bob") {
  const alice = await place.person("Alice");
  const bob = await place.person("Bob", bobsBrowser);
  await alice.setUp();
  await alice.createGuild("Garden");
  await bob.joinBy(await alice.invite());
  for (const one of [alice, bob]) await one.openChannel("general");
  await alice.says("said by Alice before");
  await bob.sees("said by Alice before");
  await bob.says("said by Bob before");
  await alice.sees("said by Bob before");
  return { alice, bob };
}

test("with all devices lost, the recovery key brings back everything that was read", async (t) => {
  const place = await stage(t);
  const { alice, bob } = await talk(place);
  const key = await bob.recoveryKey();
  await bob.waitsForBackup();
  await bob.context.close();

  const again = await place.person("Bob", "Bob's new browser");
  await again.recoversHere(key);
  await again.openGuild("Garden");
  await again.openChannel("general");
  for (const text of ["said by Alice before", "said by Bob before"]) await again.sees(text);
  await again.says("I'm back");
  await alice.sees("I'm back");
  assert.deepEqual([...alice.faults, ...again.faults], []);
});

test("a browser whose storage was evicted comes back whole with a passkey", async (t) => {
  const place = await stage(t);
  place.useName("localhost");
  const { alice, bob } = await talk(place);
  await bob.givePasskeys();
  await bob.addPasskey();
  await bob.waitsForBackup();

  await bob.loseStorage();
  await bob.signInHere();
  await bob.page.getByRole("button", { name: "Use a passkey" }).click();
  await bob.openGuild("Garden");
  await bob.openChannel("general");
  for (const text of ["said by Alice before", "said by Bob before"]) await bob.sees(text);
  await bob.says("whole again");
  await alice.sees("whole again");
  assert.deepEqual([...alice.faults, ...bob.faults], []);
});

test("with everything lost the page says so, and a new account begins as a newcomer", async (t) => {
  const place = await stage(t);
  const { alice, bob } = await talk(place);
  await bob.context.close();

  const again = await place.person("Bob", "Bob's new browser");
  await again.signInHere();
  await again.page.getByRole("button", { name: "I have none of these" }).click();
  await again.page.getByText("Nobody can open what you wrote").waitFor();
  await again.page.getByRole("button", { name: "Sign out" }).click();
  const link = await alice.invite();
  const fresh = await place.person("Robert", "Bob's newer browser");
  await fresh.joinBy(link);
  await fresh.openChannel("general");
  await fresh.says("this is Bob, with a new account");
  await alice.sees("this is Bob, with a new account");
  // The channel hands what was said before to whoever is invited, and so to Robert.
  await fresh.sees("said by Alice before");
  assert.deepEqual([...alice.faults, ...again.faults, ...fresh.faults], []);
});
