/**
 * Figures that only a browser can give: the real page in Chromium against the optimized binary. Run by
 * `cargo xtask bench`, which says where things are:
 *
 *     node bench/browser.mjs CLOISTER_BENCH [--json] [NAME]
 *
 * Times run from the key that a person presses to what the page then shows, the page's own pauses
 * included. One line a figure, as the other figures have it.
 */
import { execFileSync, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { stage } from "../e2e/stage.mjs";

const [crowdProgram, ...rest] = process.argv.slice(2);
const json = rest.includes("--json");
const wanted = rest.find((word) => !word.startsWith("--")) ?? "";

// The server of each stage inherits them.
for (const setting of execFileSync(crowdProgram, ["settings"], { encoding: "utf8" }).trim().split("\n")) {
  const [name, value] = setting.split("=");
  process.env[name] = value;
}

const warmRounds = 5;
const channels = 100;
const searched = 100_000;
/** Nothing else has it. */
const lastWord = "zzyzx";
/** The search field waits so long for the next key before it asks. */
const typingPause_ms = 120;
const questions = ["the", "boat", "oat", "harbour", "the boat", '"the boat"', "zeppelin", "has:link the", "harbour morning rowing"];
const patience_ms = 600_000;

const groups = {
  "web-share-300": () => share(300),
  "web-share-1000": () => share(1000),
  "web-channels-100": hundredChannels,
  "web-search": search,
};

for (const [name, measure] of Object.entries(groups)) {
  if (name.startsWith(wanted) || wanted.startsWith(name)) await measure();
}

/** Giving a channel's key to many devices, first and again. */
async function share(devices) {
  await on(async (place) => {
    const alice = await place.person("Alice");
    await alice.setUp();
    await alice.createGuild("Garden");
    const crowd = new Crowd(place, await alice.invite());
    await crowd.does(`join ${devices + warmRounds}`);
    await alice.openChannel("general");
    await knowsMembers(alice, devices + warmRounds + 1);
    const cold = await timed(() => sends(alice, "cold"));
    report(`web-share-${devices}-cold`, [cold], "ms", { devices: devices + warmRounds });
    const warm = [];
    for (let round = 0; round < warmRounds; round++) {
      await crowd.does("leave");
      await knowsMembers(alice, devices + warmRounds - round);
      warm.push(await timed(() => sends(alice, `warm ${round}`)));
    }
    report(`web-share-${devices}-warm`, warm, "ms", { devices });
    await memory(alice, `web-memory-${devices}-devices`);
    crowd.end();
  });
}

/** One person who uses a hundred channels: what the first message in each costs, and the second. */
async function hundredChannels() {
  await on(async (place) => {
    const alice = await place.person("Alice");
    await alice.setUp();
    await alice.createGuild("Garden");
    const link = await alice.invite();
    const helper = await place.terminal("helper");
    await helper.joinBy(link);
    const names = ["general", ...Array.from({ length: channels - 1 }, (_, n) => `channel-${n + 1}`)];
    for (const name of names.slice(1)) await createChannel(alice, name);
    for (const round of ["first", "second"]) {
      const times = [];
      for (const name of names) {
        await alice.openChannel(name);
        times.push(await timed(() => sends(alice, `${round} in ${name}`)));
      }
      report(round === "first" ? "web-channels-100-first" : "web-channels-100", times, "ms at p50", { channels });
    }
    await memory(alice, "web-memory-100-channels");
  });
}

/** Searching what a browser has read: everything arrives, is indexed, and is asked for. */
async function search() {
  await on(async (place) => {
    const alice = await place.person("Alice");
    await alice.setUp();
    await alice.createGuild("Garden");
    await alice.openChannel("general");
    const crowd = new Crowd(place, await alice.invite());
    await crowd.does(`chat ${searched} ${lastWord}`);
    const begun = performance.now();
    await hasEverything(alice);
    const arrived = performance.now() - begun;
    const times = [];
    for (let round = 0; round < 3; round++) {
      for (const question of questions) times.push((await searches(alice, question)) - typingPause_ms);
    }
    report("web-search", times, "ms at p95", { percent: 95, messages: searched, target: 100, last_indexed_after_s: Math.round(arrived / 1000) });
    await memory(alice, "web-memory-100000-messages");
    crowd.end();
  });
}

/** A stage for one figure. */
async function on(measure) {
  const ends = [];
  const place = await stage({ after: (end) => ends.push(end) });
  try {
    await measure(place);
  } finally {
    for (const end of ends) await end();
  }
}

/** People who do what they are told, one thing at a time. */
class Crowd {
  #process;
  #answers;

  constructor(place, link) {
    const seed = link.slice(link.lastIndexOf("/") + 1);
    const words = ["--address", new URL(place.url).host, "--pin", place.fingerprint, "--certificate", place.certificate];
    this.#process = spawn(crowdProgram, ["crowd", ...words, "--link", seed, "--profile", place.file("talker")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async does(line) {
    this.#process.stdin.write(`${line}\n`);
    const { done } = await this.#answers.next();
    if (done) throw new Error(`the crowd ended at "${line}"`);
  }

  end() {
    this.#process.stdin.end();
  }
}

/** Until the server has acknowledged the text. */
async function sends(person, text) {
  await person.says(text);
  await person.seesSent(text);
}

async function knowsMembers(person, count) {
  const shown = (wanted) => document.querySelectorAll(".panel-member").length === wanted;
  await person.page.waitForFunction(shown, count, { timeout: patience_ms });
}

async function createChannel(person, name) {
  await person.page.getByRole("button", { name: "Create a channel" }).first().click();
  const dialog = person.page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create channel" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Until the last thing that the crowd said is found, and nothing is left to index. */
async function hasEverything(person) {
  await person.page.keyboard.press("Control+Shift+f");
  await searchField(person).fill(lastWord);
  await person.page.locator(".search-result").first().waitFor({ timeout: patience_ms });
  await person.page.locator(".search-progress").waitFor({ state: "detached", timeout: patience_ms });
}

/** Milliseconds from the last key to results of this question. */
async function searches(person, question) {
  await searchField(person).fill("");
  await person.page.locator(".search-result").first().waitFor({ state: "detached" });
  await searchField(person).fill(question);
  return timed(() => person.page.locator(".search-result").first().waitFor());
}

function searchField(person) {
  return person.page.getByRole("searchbox");
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** What the page's process holds, shared pages counted by their share: page, engine and its store's cache. */
async function memory(person, name) {
  const browser = await person.context.browser().newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  let largest = 0;
  for (const { id } of processInfo.filter((one) => one.type === "renderer")) {
    const smaps = await readFile(`/proc/${id}/smaps_rollup`, "utf8").catch(() => "");
    largest = Math.max(largest, Number(/^Pss:\s+(\d+)/m.exec(smaps)?.[1] ?? 0));
  }
  line({ bench: name, value: Math.round(largest / 102.4) / 10, unit: "MiB of the page's process" });
}

function report(bench, times, unit, { percent = 50, ...more }) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (p) => Math.round(sorted[Math.max(0, Math.ceil((sorted.length * p) / 100) - 1)] * 10) / 10;
  const value = at(percent);
  const verdict = more.target === undefined ? {} : { target_met: value <= more.target };
  line({ bench, value, unit, ...more, ...verdict, p50_ms: at(50), p99_ms: at(99) });
}

function line({ bench, value, unit, ...more }) {
  if (json) return console.log(JSON.stringify({ bench, value, unit, ...more }));
  const rest = Object.entries(more).map(([name, one]) => `${name}=${one}`);
  console.log(`${bench.padEnd(30)} ${String(value).padStart(10)} ${unit.padEnd(14)} ${rest.join(" ")}`);
}
