/**
 * A server of one's own and people with browsers of their own, for one test. Everything that was
 * started here ends with the test.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const BINARY = process.env.CLOISTER_BIN ?? path.resolve(import.meta.dirname, "../../target/debug/cloister");
const START_TIMEOUT_MS = 30_000;
const LOOK_TIMEOUT_MS = 20_000;
const PASSWORD = "three unrelated words";

/** Opens a stage whose parts end with the test `t`. */
export async function stage(t) {
  const folder = await mkdtemp(path.join(tmpdir(), "cloister-e2e-"));
  const opened = new Stage(folder);
  t.after(() => opened.close());
  await opened.startServer();
  return opened;
}

class Stage {
  #folder;
  #server = null;
  #address = "127.0.0.1:0";
  #contexts = [];

  constructor(folder) {
    this.#folder = folder;
  }

  /** Starts the server over the same data, on the same port if it ran before. */
  async startServer() {
    const server = spawn(BINARY, ["serve", "--data", path.join(this.#folder, "data"), "--listen", this.#address]);
    this.#server = server;
    let errors = "";
    server.stderr.on("data", (text) => (errors += text));
    const said = {};
    const ready = (async () => {
      for await (const line of createInterface({ input: server.stdout })) {
        const [name, value] = line.split(" ");
        said[name] = value;
        // The set-up link comes last, and only as long as nobody has used it.
        if (name === "set-up" || (name === "certificate" && this.setUpLink)) return;
      }
      throw new Error(`the server ended: ${errors}`);
    })();
    await within(START_TIMEOUT_MS, ready, "the server to start");
    this.url = said.listening;
    this.fingerprint = said.certificate;
    this.setUpLink = said["set-up"] ?? this.setUpLink;
    this.#address = new URL(this.url).host;
  }

  /** From here on, people type this name instead of the address: passkeys need one. */
  useName(name) {
    const url = new URL(this.url);
    url.hostname = name;
    this.url = url.href.replace(/\/$/, "");
  }

  /** A link of the server's, as people of this stage type it. */
  named(link) {
    const url = new URL(link);
    url.host = new URL(this.url).host;
    return url.href;
  }

  /** As a power cut would: nothing is drained, nothing is said. */
  async killServer() {
    const gone = new Promise((resolve) => this.#server.once("exit", resolve));
    this.#server.kill("SIGKILL");
    await gone;
  }

  /** The server's certificate, in PEM. */
  get certificate() {
    return path.join(this.#folder, "data/tls/cert.pem");
  }

  /** A place for files of this stage, gone with it. */
  file(name) {
    return path.join(this.#folder, name);
  }

  /** Which files of the server's data hold this text as it is. */
  async filesWith(text) {
    const entries = await readdir(path.join(this.#folder, "data"), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
    const contents = await Promise.all(files.map((file) => readFile(file)));
    return files.filter((_, at) => contents[at].includes(text));
  }

  /** A person with a browser profile of their own. */
  async person(name, browser = name) {
    const profile = path.join(this.#folder, browser);
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      // The server's certificate is its own; a service worker starts only where the browser was told so.
      args: ["--no-sandbox", "--ignore-certificate-errors", ...camera(this.file(`${browser}.y4m`))],
    });
    context.setDefaultTimeout(LOOK_TIMEOUT_MS);
    this.#contexts.push(context);
    return new Person(name, browser, context, this);
  }

  /** A person who uses the command line only. */
  async terminal(name) {
    const passwordFile = path.join(this.#folder, `${name}.password`);
    await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
    return new Terminal(name, path.join(this.#folder, `${name}.profile`), passwordFile, this);
  }

  async close() {
    await Promise.all(this.#contexts.map((context) => context.close().catch(() => {})));
    if (this.#server.exitCode === null) await this.killServer();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A camera that sees the film in a file. */
function camera(file) {
  return ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${file}`];
}

class Person {
  #browser;

  constructor(name, browser, context, stage) {
    this.name = name;
    this.#browser = browser;
    this.context = context;
    this.stage = stage;
    /** The tab that this person looks at. */
    this.page = context.pages()[0];
    /** What the page's own policy refused or what broke in it. */
    this.faults = [];
    this.#watch(this.page);
    context.on("page", (page) => this.#watch(page));
  }

  #watch(page) {
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && /Content Security Policy|TrustedScript|panicked/.test(message.text())) {
        this.faults.push(message.text());
      }
    });
  }

  async setUp() {
    await this.page.goto(this.stage.named(this.stage.setUpLink));
    await this.#makeAccount("Set up Cloister");
    await this.#addServer().waitFor();
  }

  async joinBy(link) {
    await this.page.goto(this.stage.named(link));
    await this.#makeAccount("Create account and join");
  }

  /** Waits until the page says that every key is backed up. */
  async waitsForBackup() {
    await this.#look("/you/recovery-key");
    await this.page.getByText(/^(1 key is|All \d+ keys are) backed up\.$/).waitFor();
  }

  /** An authenticator within the browser, which has the function that opens vaults. */
  async givePasskeys() {
    const devtools = await this.context.newCDPSession(this.page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, hasPrf: true, automaticPresenceSimulation: true },
    });
  }

  async addPasskey() {
    await this.#look("/you/recovery-key");
    await this.page.getByRole("button", { name: "Add a passkey" }).click();
    await this.page.getByText(/^Passkey from/).waitFor();
  }

  /** What a browser does that is short of space: everything of this site is gone. */
  async loseStorage() {
    await this.page.goto("about:blank");
    const devtools = await this.context.newCDPSession(this.page);
    const origin = new URL(this.stage.url).origin;
    await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
    await this.context.clearCookies();
  }

  async #look(path) {
    await this.page.goto(new URL(path, this.stage.url).href);
  }

  /** Signs in on a new browser, which then waits for approval; gives the code that it shows. */
  async signInHere() {
    await this.page.goto(this.stage.url);
    await this.page.getByLabel("Username").fill(this.name.toLowerCase());
    await this.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    const code = this.page.getByLabel("This device's code").filter({ hasText: /^\w{4}(-\w{4}){3}$/ });
    return (await code.innerText()).trim();
  }

  /** Approves the device that waits, if it shows this code. */
  async approves(code) {
    const before = this.page.url();
    await this.page.goto(new URL("/you/devices", this.stage.url).href);
    const waiting = this.page.getByRole("region", { name: "Waits for your approval" });
    await waiting.getByText(code).waitFor();
    await waiting.getByRole("button", { name: "The codes are the same" }).click();
    await waiting.waitFor({ state: "detached" });
    await this.page.goto(before);
  }

  /** Signs in on a new browser with the recovery key. */
  async recoversHere(key) {
    await this.page.goto(this.stage.url);
    await this.page.getByRole("button", { name: "I've lost my other devices" }).click();
    await this.page.getByLabel("Username").fill(this.name.toLowerCase());
    await this.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.page.getByLabel("Recovery key").fill(key);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.#addServer().waitFor();
  }

  /** The recovery key that was made with the account. */
  async recoveryKey() {
    const before = this.page.url();
    await this.page.goto(new URL("/you/recovery-key", this.stage.url).href);
    const groups = this.page.getByLabel("Recovery key, nine groups").getByRole("listitem");
    await groups.first().waitFor();
    const key = (await groups.allInnerTexts()).join(" ");
    await this.page.goto(before);
    return key;
  }

  /** Starts to compare emoji with the device that waits. */
  async comparesWithTheDeviceThatWaits() {
    await this.page.goto(new URL("/you/devices", this.stage.url).href);
    await this.page.getByRole("button", { name: "Compare emoji instead" }).click();
  }

  /** The pictures that are to be compared, once they are there. */
  async emoji() {
    const pictures = this.page.getByRole("list", { name: "Emoji to compare" }).getByRole("listitem");
    await pictures.first().waitFor();
    return pictures.allInnerTexts();
  }

  async saysTheyAreTheSame() {
    await this.page.getByRole("button", { name: "They're the same" }).click();
  }

  /** Holds this browser's code in front of the camera of the other one, who approves it so. */
  async showsItsCodeTo(other) {
    const code = this.page.getByLabel("QR code of this device");
    const size = Number((await code.getAttribute("viewBox")).split(" ")[2]);
    const path = await code.locator("path").getAttribute("d");
    await writeFile(other.stage.file(`${other.#browser}.y4m`), film(size, path));
    await other.page.goto(new URL("/you/devices", this.stage.url).href);
    await other.page.getByRole("button", { name: "Read the new device's code" }).click();
    await other.page.getByRole("button", { name: "Use the camera" }).click();
  }

  async #makeAccount(button) {
    await this.page.getByLabel("Your name").fill(this.name);
    await this.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.page.getByRole("button", { name: button }).click();
  }

  async createGuild(name) {
    await this.#addServer().click();
    await this.page.getByLabel("Name", { exact: true }).fill(name);
    await this.page.getByRole("button", { name: "Create server" }).click();
    await this.page.getByRole("button", { name: `${name}, server menu` }).waitFor();
  }

  /** Makes an invite link to the guild that is open. */
  async invite() {
    await this.page.getByRole("button", { name: "Invite people" }).first().click();
    await this.page.getByRole("button", { name: "Make a link" }).click();
    const link = await this.page.getByLabel("Invite link").inputValue();
    await this.page.getByRole("button", { name: "Close" }).click();
    return link;
  }

  async openGuild(name) {
    await this.page.getByRole("navigation", { name: "Servers" }).getByRole("link", { name }).click();
    await this.page.getByRole("button", { name: `${name}, server menu` }).waitFor();
  }

  async openChannel(name) {
    await this.page.getByRole("link", { name, exact: true }).click();
    await this.#composer().waitFor();
  }

  /** Opens the conversation with somebody from the member list. */
  async openConversation(name) {
    await this.page.getByRole("complementary", { name: "Members" }).getByRole("button", { name }).click();
    await this.page.getByRole("button", { name: `Message ${name}` }).click();
    await this.page.waitForURL(/\/messages\//);
    await this.#composer().waitFor();
  }

  async says(text) {
    await this.#composer().fill(text);
    await this.#composer().press("Enter");
  }

  /** Waits until the text stands in the conversation that is open. */
  async sees(text) {
    await this.#message(text).first().waitFor();
  }

  /** Waits until the server has acknowledged a message of this person's. */
  async seesSent(text) {
    await this.sees(text);
    await this.page.waitForFunction(() => document.querySelector(".line-sending, .line-failed") === null);
  }

  async count(text) {
    return this.#message(text).count();
  }

  /** Opens another tab on the same address and looks at it. */
  async openTab() {
    const address = this.page.url();
    this.page = await this.context.newPage();
    await this.page.goto(address);
    await this.#composer().waitFor();
  }

  #addServer() {
    return this.page.getByRole("navigation", { name: "Servers" }).getByRole("button", { name: "Add a server" });
  }

  #composer() {
    return this.page.getByRole("textbox", { name: /^Message / });
  }

  #message(text) {
    return this.page.getByRole("log", { name: /^Messages in/ }).getByRole("article").filter({ hasText: text });
  }
}

class Terminal {
  #name;
  #profile;
  #passwordFile;
  #stage;

  constructor(name, profile, passwordFile, stage) {
    this.#name = name;
    this.#profile = profile;
    this.#passwordFile = passwordFile;
    this.#stage = stage;
  }

  async joinBy(link) {
    const trust = ["--trust", this.#stage.fingerprint];
    await this.#run("register", "--invite", link, "--username", this.#name, "--password-file", this.#passwordFile, ...trust);
  }

  /** Ends once the server has acknowledged the message. */
  async says(target, text) {
    await this.#run("send", target, text);
  }

  /** The texts that can be read there, oldest first. */
  async reads(target) {
    const lines = (await this.#run("--json", "read", target)).trim().split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line).body);
  }

  async #run(...words) {
    const { stdout } = await promisify(execFile)(BINARY, ["--profile", this.#profile, ...words], { timeout: START_TIMEOUT_MS });
    return stdout;
  }
}

/** A film of one picture, in YUV4MPEG2: the squares of a code's path, dark in the middle of white. */
function film(size, path) {
  const [width, height] = [640, 480];
  const square = Math.floor(height / (size + 4));
  const left = Math.floor((width - size * square) / 2);
  const top = Math.floor((height - size * square) / 2);
  const light = Buffer.alloc(width * height, 235);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let row = 0; row < square; row++) {
      const start = (top + Number(y) * square + row) * width + left + Number(x) * square;
      light.fill(16, start, start + square);
    }
  }
  const colour = Buffer.alloc((width * height) / 2, 128);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A0:0 C420mpeg2\nFRAME\n`), light, colour]);
}

async function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
