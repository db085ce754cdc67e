/** Verifying people and comparing devices, in the fake engine. */
import type { Command, CommandReply, PersonTrust, Safety, Topic } from "../wire";
import type { World } from "./world";

export class FakeTrust {
  readonly #world: World;
  readonly #tell: (...topics: Topic[]) => void;
  #next = 0;

  constructor(world: World, tell: (...topics: Topic[]) => void) {
    this.#world = world;
    this.#tell = tell;
  }

  safety(user: string | null): Safety {
    if (user === null) return "known";
    return this.#world.changed.has(user) ? "violation" : this.#world.verified.has(user) ? "verified" : "known";
  }

  person(user: string): PersonTrust | null {
    const who = this.#world.people.get(user);
    if (who === undefined) return null;
    const verified = this.#world.verified.get(user) ?? null;
    return {
      user,
      ...who,
      safety: this.safety(user),
      safety_number: "50385 15829 90034 66710 02857 41993 38210 77602 19456 30087 64120 85531",
      code: `CLOISTER:PERSON:1:034C1QHC000YG000G000000004:${"7QKM2XPDV49THB3C".repeat(3)}7QKM:034C1QHC000YG000G000000008:${"HB3CV49T2XPD7QKM".repeat(3)}HB3C:5G3KQ8Z1N7W2R0TYVXJ6M4HD9C`,
      verified_at: verified,
      verified_how: verified === null ? null : "emoji",
      started_over_at: this.#world.startedOver.has(user) || this.#world.changed.get(user)?.change === "started_over" ? Date.now() - 7_200_000 : null,
      unverified_start: this.#world.startedOver.has(user),
      change: this.#world.startedOver.has(user) ? { change: "started_over" } : (this.#world.changed.get(user) ?? null),
      devices: 2,
    };
  }

  trusts(user: string): void {
    this.#world.changed.delete(user);
    this.#world.startedOver.delete(user);
    for (const guild of this.#world.guilds) for (const member of guild.members) if (member.user === user) member.safety = this.safety(user);
    this.#tell({ topic: "person", user }, { topic: "comparisons" }, ...this.#world.guilds.map((guild) => ({ topic: "guild" as const, guild: guild.id })));
  }

  compare(command: Extract<Command, { do: "compare" | "compare_device" | "accept_comparison" | "judge_comparison" | "end_comparison" }>): CommandReply {
    const world = this.#world;
    if (command.do === "compare" || command.do === "compare_device") {
      const own = command.do === "compare_device";
      const user = command.do === "compare" ? command.user : (world.session.me?.user ?? "");
      const one = { id: `C${(this.#next += 1)}`, user, name: world.people.get(user)?.display_name ?? "", device: null, own_device: own, stage: { stage: "asked" as const } };
      world.comparisons.push(one);
      this.#tell({ topic: "comparisons" });
      return { outcome: "comparison", id: one.id };
    }
    const one = world.comparisons.find((known) => known.id === command.id);
    if (one === undefined || command.do === "end_comparison") world.comparisons = world.comparisons.filter((known) => known.id !== command.id);
    else if (command.do === "accept_comparison") one.stage = { stage: "preparing" };
    else if (!command.same) one.stage = { stage: "ended", why: "different" };
    else {
      one.stage = { stage: "done" };
      world.verified.set(one.user, Date.now());
      this.trusts(one.user);
    }
    this.#tell({ topic: "comparisons" });
    return { outcome: "done" };
  }
}
