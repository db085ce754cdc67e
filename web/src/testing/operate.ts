/** The part of the fake engine that runs the instance. */
import { Refused } from "../engine/contract";
import type { AccountApplicationView, HappenedToView, OperatorAct, OperatorReply, PersonSeenView, PolicyView } from "../wire";
import { id, type Scene } from "./world";

const minute = 60_000;
const day = 24 * 60 * minute;

export class FakeOperator {
  readonly #people: PersonSeenView[];
  readonly #events: HappenedToView[];
  readonly #mail: boolean;
  #policy: PolicyView;
  readonly questions: string[] | null;
  #applications: AccountApplicationView[];

  constructor(scene: Scene) {
    const now = Date.now();
    this.questions = scene.has("apply") ? ["Whom do you know here?", "Which boat would you like to row, and have you rowed before?"] : null;
    const said = (answer: string) => [{ question: "Whom do you know here?", answer }];
    const application = (number: number, username: string, display_name: string, more: Partial<AccountApplicationView> = {}): AccountApplicationView => ({ id: id(number), username, display_name, created_at: now - (number - 4_000) * 5 * 60 * minute, address: null, answers: said("Bruno. We were at school together."), decision: null, decided_at: null, decided_by_name: null, reason: null, used_at: null, ...more });
    this.#applications = [
      application(4_001, "henrike", "Henrike Vos", { address: "henrike.vos@example.org", answers: [...said("Chiara, from the choir."), { question: "Have you rowed before?", answer: "Two summers, on the Weser.\nMostly in the four." }] }),
      application(4_002, "ivo", "Ivo"),
      application(4_003, "buy_now", "Best offers", { decision: "rejected", decided_at: now - day, decided_by_name: "ada", reason: "Advertising." }),
      application(4_004, "jan", "Jan Petersen", { decision: "approved", decided_at: now - 2 * day, decided_by_name: null, used_at: now - day }),
    ];
    this.#mail = !scene.has("no-mail");
    const person = (number: number, username: string, display_name: string, more: Partial<PersonSeenView> = {}): PersonSeenView => ({ user: id(number), username, display_name, created_at: now - (90 - number) * day, operator: false, disabled_at: null, deletion_at: null, second_factor_at: number % 2 === 0 ? now - 20 * day : null, mail: number % 3 !== 0, sign_ins: (number % 3) + 1, last_seen_at: now - number * 17 * minute, locked_until: null, ...more });
    this.#people = [
      person(1, "ada", "Ada Lindqvist", { operator: true, second_factor_at: now - 40 * day }),
      person(2, "bruno", "Bruno Okafor"),
      person(3, "chiara", "Chiara", { locked_until: now + 14 * minute }),
      person(4, "dov", "דוב לוי"),
      person(5, "emil", "Emil", { disabled_at: now - 3 * day, sign_ins: 0, last_seen_at: null }),
      person(6, "farida", "Farida Rahmani-Vestergaard", { sign_ins: 0, last_seen_at: null }),
      person(7, "goran", "Göran"),
    ];
    const event = (number: number, kind: HappenedToView["kind"], username: string | null, ago: number, more: Partial<HappenedToView> = {}): HappenedToView => ({ id: id(number), kind, at: now - ago, username, by_name: null, address: "203.0.113.7", place: { place: "network", prefix: "203.0.0.0/16" }, user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0", about: "", ...more });
    this.#events = [
      event(3_001, "locked_out", "chiara", minute),
      event(3_002, "sign_in_failed", "chiara", 2 * minute),
      event(3_003, "disabled", "emil", 3 * day, { by_name: "ada" }),
      event(3_004, "policy_changed", "ada", 4 * day, { by_name: "ada", about: "registration: open → invite" }),
      event(3_005, "signed_in_new_device", "bruno", 6 * day, { user_agent: "cloister/0.1.0" }),
      event(3_006, "policy_changed", null, 40 * day, { address: "", place: { place: "this_machine" }, user_agent: "", about: "second factor: nobody → staff" }),
    ];
    this.#policy = { registration: "invite", registration_chosen: null, registration_configured: "invite", second_factor: "staff", second_factor_chosen: "staff", second_factor_configured: "nobody", passwords: "usual", access_ms: 15 * minute, idle_ms: 30 * day, absolute_ms: 90 * day, weak: scene.has("weak") ? [{ key: "limits.lockout", sentence: "limits.lockout is everybody: a stranger can lock an account's owner out." }] : [] };
  }

  act(act: OperatorAct, proved: boolean): OperatorReply {
    const prove = () => {
      if (!proved) throw new Refused({ code: "PROOF_REQUIRED", message: "", retry_after_ms: null });
    };
    switch (act.act) {
      case "everybody": {
        const fits = (one: PersonSeenView) => act.state === "everybody" || (act.state === "operators" && one.operator) || (act.state === "disabled" && one.disabled_at !== null) || (act.state === "without_second_factor" && one.second_factor_at === null);
        const has = (name: string) => name.toLowerCase().includes(act.with.toLowerCase());
        return { reply: "everybody", people: this.#people.filter((one) => fits(one) && (has(one.username) || has(one.display_name))), next: null };
      }
      case "look_after": {
        prove();
        const one = this.#people.find((person) => person.user === act.user);
        if (one === undefined) return { reply: "done" };
        if (act.deed === "disable") Object.assign(one, { disabled_at: Date.now(), sign_ins: 0, last_seen_at: null });
        if (act.deed === "delete") Object.assign(one, { deletion_at: Date.now() + 30 * day, sign_ins: 0, last_seen_at: null });
        if (act.deed === "keep") one.deletion_at = null;
        if (act.deed === "enable") one.disabled_at = null;
        if (act.deed === "unlock") one.locked_until = null;
        if (act.deed === "end_sessions") Object.assign(one, { sign_ins: 0, last_seen_at: null });
        if (act.deed === "remove_factors") one.second_factor_at = null;
        return { reply: "done" };
      }
      case "reset_link":
        prove();
        return { reply: "reset_link", url: "https://elbe.example/reset#clw_4tT7mJk2LwQ5dRApX3v9bQ04tT7mJk2LwQ5dRApX3v9" };
      case "mail":
        return { reply: "mail", server: this.#mail ? "smtp.elbe.example" : null, port: 587, tls: "starttls", from: this.#mail ? "Rowing on the Elbe <chat@elbe.example>" : null, waiting: 2, sent: 31, failed: 1, said: this.#mail ? "450 4.2.1 mailbox busy, try again later" : null };
      case "test_mail":
        prove();
        return { reply: "mail_tested", trouble: act.to.startsWith("no") ? "550 5.1.1 no such user here" : null };
      case "policy":
        return { reply: "policy", ...this.#policy };
      case "set_policy":
        prove();
        this.#policy = { ...this.#policy, registration_chosen: act.registration, registration: act.registration ?? this.#policy.registration_configured, second_factor_chosen: act.second_factor, second_factor: act.second_factor ?? this.#policy.second_factor_configured };
        return { reply: "done" };
      case "happened":
        return { reply: "happened", events: this.#events.filter((one) => (act.username === null || one.username === act.username) && (act.kind === null || one.kind === act.kind) && (act.since === null || one.at >= act.since)), end: true };
      case "happened_file":
        prove();
        return { reply: "file", name: `security.${act.format}`, text: "" };
      case "applications":
        return { reply: "applications", applications: this.#applications.filter((one) => (one.decision !== null) === act.decided), end: true, questions: this.questions ?? [], waiting: this.#applications.filter((one) => one.decision === null).length };
      case "approve":
      case "reject": {
        prove();
        const decision = act.act === "approve" ? "approved" : "rejected";
        this.#applications = this.#applications.map((one) => (one.id === act.application ? { ...one, decision, decided_at: Date.now(), decided_by_name: "ada" } : one));
        if (act.act === "reject") return { reply: "done" };
        const password = act.by === "password" ? "kT7-mJk2LwQ5dR~pX3v9bQ_4" : null;
        return { reply: "approved", password, url: password === null ? null : `https://elbe.example/activate#ivo.${password}` };
      }
      case "set_questions":
        prove();
        this.questions?.splice(0, 99, ...act.questions);
        return { reply: "done" };
      case "limits":
        return {
          reply: "limits",
          limits: [
            { key: "requests", most: 1200, window_s: 60, counts: "requests of one person or, not signed in, of one address; a restart forgets" },
            { key: "sign_ins_per_account", most: 10, window_s: 300, counts: "wrong sign-ins to one account from one address or device" },
            { key: "registrations_per_address", most: 5, window_s: 300, counts: "registrations of one address without an invite" },
            { key: "messages", most: 10, window_s: 10, counts: "messages of one person; a restart forgets" },
            { key: "invites_per_account", most: 120, window_s: 3600, counts: "invitations that one person makes" },
            { key: "wrong_passwords", most: 5, window_s: null, counts: "wrong passwords in a row before unknown devices wait" },
          ],
        };
    }
  }
}
