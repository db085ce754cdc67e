/** The part of the fake engine that guards an account. */
import { Refused } from "../engine/contract";
import type { AccountAct, AccountReply, CommandReply, HappenedView, OperatorAct, SignInView } from "../wire";
import { FakeOperator } from "./operate";
import { id, type Scene } from "./world";

const minute = 60_000;
const day = 24 * 60 * minute;

function refuse(code: "PROOF_REQUIRED" | "WRONG_PASSWORD" | "SECOND_FACTOR_WRONG" | "PASSWORD_TOO_WEAK" | "LINK_INVALID" | "EMAIL_INVALID" | "NOT_CONFIRMED"): never {
  throw new Refused({ code, message: "", retry_after_ms: null });
}

/** A picture that looks like the real one. */
function picture(): string[] {
  const size = 45;
  const border = (n: number) => n < 4 || n >= size - 4;
  const finder = (x: number, y: number): boolean | null => {
    for (const [left, top] of [[4, 4], [size - 11, 4], [4, size - 11]] as const) {
      const [dx, dy] = [x - left, y - top];
      if (dx >= -1 && dy >= -1 && dx <= 7 && dy <= 7) {
        const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
        return ring === 3 || ring <= 1;
      }
    }
    return null;
  };
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (__, x) => (border(x) || border(y) ? "0" : (finder(x, y) ?? (x * 7 + y * 13 + x * y) % 5 < 2) ? "1" : "0")).join(""));
}

export class FakeAccount {
  #proved: boolean;
  #totp_at: number | null;
  readonly #required: boolean;
  readonly #mail: boolean;
  #email: string | null;
  #wanted: string | null = null;
  #deletionAt: number | null = null;
  readonly #ended: (at: number | null) => void;
  readonly #owned: string[];
  #signIns: SignInView[];
  #events: HappenedView[];
  readonly #tell: () => void;
  readonly #operator: FakeOperator;

  constructor(scene: Scene, tell: () => void, ended: (at: number | null) => void, owned: string[]) {
    const now = Date.now();
    this.#tell = tell;
    this.#ended = ended;
    this.#owned = scene.has("owns-nothing") ? [] : owned;
    if (scene.has("leaving")) this.#deletionAt = now + 29 * day;
    this.lockAfter = scene.has("locks") ? 20_000 : null;
    this.#operator = new FakeOperator(scene);
    this.#proved = !scene.has("stale");
    this.#totp_at = scene.has("factor") ? now - 30 * day : null;
    this.#mail = !scene.has("no-mail");
    this.#email = scene.has("address") ? "ada.lovelace@example.org" : null;
    this.#required = scene.has("factor-required");
    const signIn = (number: number, device: number, name: string | null, agent: string, last: number): SignInView => ({ session: id(number), device: id(device), device_name: name, user_agent: agent, place: number === 921 ? { place: "local_network" } : { place: "network", prefix: "203.0.0.0/16" }, created_at: last - 9 * day, last_seen_at: last, expires_at: now + 60 * day, this_one: number === 921 });
    this.#signIns = [signIn(921, 901, "Chromium on Linux", "Chromium", now), signIn(922, 902, "Ada's phone", "Android", now - 12 * minute), signIn(923, 999, null, "Mozilla/5.0 (Windows NT 10.0) Firefox/141.0", now - 2 * day)];
    const event = (number: number, kind: HappenedView["kind"], ago: number, unseen: boolean): HappenedView => ({ id: id(number), kind, at: now - ago, device_name: number % 2 === 0 ? "Ada's phone" : null, user_agent: "Mozilla/5.0 (Windows NT 10.0) Firefox/141.0", place: { place: "network", prefix: "203.0.0.0/16" }, unseen });
    const odd = scene.has("odd");
    this.#events = [event(951, "signed_in_new_device", 2 * 60 * minute, odd), event(953, "second_factor_failed", 3 * 60 * minute, odd), event(952, "signed_in", day, false), event(955, "sign_in_failed", 2 * day, false), event(954, "password_changed", 9 * day, false), event(957, "registered", 60 * day, false)];
  }

  /** Scene `locks`: the page locks itself soon. */
  readonly lockAfter: number | null;

  get questions(): string[] | null {
    return this.#operator.questions;
  }

  operate(act: OperatorAct): CommandReply {
    return { outcome: "operated", reply: this.#operator.act(act, this.#proved) };
  }

  act(act: AccountAct): AccountReply {
    switch (act.act) {
      case "factors":
        return { reply: "factors", totp_at: this.#totp_at, backup_codes_left: this.#totp_at === null ? 0 : 8, required: this.#required };
      case "sign_ins":
        return { reply: "sign_ins", sign_ins: this.#signIns };
      case "security_events":
        return { reply: "security_events", events: this.#events };
      case "security_events_seen":
        this.#events = this.#events.map((event) => ({ ...event, unseen: false }));
        break;
      case "prove":
        if (act.password === "wrong") refuse("WRONG_PASSWORD");
        this.#proved = true;
        return { reply: "done" };
      case "change_password":
        if (act.current === "wrong") refuse("WRONG_PASSWORD");
        if (act.new.length < 8) refuse("PASSWORD_TOO_WEAK");
        this.#signIns = this.#signIns.filter((one) => one.this_one);
        break;
      case "email":
        return { reply: "email", address: this.#email, wanted: this.#wanted, mail: this.#mail };
      case "deletion":
        return { reply: "deletion", asked_at: this.#deletionAt === null ? null : this.#deletionAt - 30 * day, at: this.#deletionAt, grace_days: 30, owns: this.#owned };
      case "keep_account":
        this.#deletionAt = null;
        this.#ended(null);
        break;
      case "forgot_password":
        return { reply: "done" };
      case "verify_email":
      case "not_me":
      case "reset_password":
        if (act.token === "old") refuse("LINK_INVALID");
        return { reply: "done" };
      default:
        return this.#guarded(act);
    }
    this.#tell();
    return { reply: "done" };
  }

  #guarded(act: AccountAct): AccountReply {
    if (!this.#proved && act.act !== "disable_totp") refuse("PROOF_REQUIRED");
    const codes = Array.from({ length: 10 }, (_, n) => `4K7${n}-Q2MX-9TRDH`);
    switch (act.act) {
      case "ask_deletion":
        if (act.username !== "ada") refuse("NOT_CONFIRMED");
        this.#deletionAt = Date.now() + 30 * day;
        this.#ended(this.#deletionAt);
        break;
      case "end_sign_in":
        this.#signIns = this.#signIns.filter((one) => one.session !== act.session);
        break;
      case "end_sign_ins":
        this.#signIns = this.#signIns.filter((one) => one.this_one);
        break;
      case "set_email":
        if (!act.address.includes(".")) refuse("EMAIL_INVALID");
        this.#wanted = act.address;
        break;
      case "remove_email":
        this.#email = this.#wanted = null;
        break;
      case "offer_totp":
        return { reply: "totp", secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", url: "otpauth://totp/x", qr: picture(), expires_at: Date.now() + 10 * minute };
      case "activate_totp":
        if (act.code === "000000") refuse("SECOND_FACTOR_WRONG");
        this.#totp_at = Date.now();
        return { reply: "backup_codes", codes };
      case "renew_backup_codes":
        return { reply: "backup_codes", codes };
      case "disable_totp":
        if (act.password === "wrong") refuse("WRONG_PASSWORD");
        this.#totp_at = null;
        break;
    }
    this.#tell();
    return { reply: "done" };
  }
}
