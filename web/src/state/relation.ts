/** How this person keeps others: friends, and who is kept away. */
import { useCallback, useEffect, useState } from "react";
import type { CommandReply, Contact, Refusal, Relation } from "../wire";
import { useGive, useTopic } from "./engine";
import { asRefusal } from "./refusal";

type Kept = Extract<CommandReply, { outcome: "told"; on: "relations" }>;

export interface Relations {
  kept: Kept | undefined;
  /** Why it could not be read. */
  refusal: Refusal | null;
  relate: (user: string, relation: Relation) => Promise<void>;
  setContact: (who: Contact) => Promise<void>;
}

export function useRelations(): Relations {
  const give = useGive();
  const [state, setState] = useState<{ kept: Kept | undefined; refusal: Refusal | null }>({ kept: undefined, refusal: null });
  const load = useCallback(async () => {
    try {
      const reply = await give({ do: "relations" });
      if (reply.outcome === "told" && reply.on === "relations") setState({ kept: reply, refusal: null });
    } catch (error: unknown) {
      setState({ kept: undefined, refusal: asRefusal(error) });
    }
  }, [give]);
  useEffect(() => void load(), [load]);
  useTopic("relations", () => void load());
  const relate = useCallback(
    async (user: string, relation: Relation) => {
      await give({ do: "relate", user, relation });
      await load();
    },
    [give, load],
  );
  const setContact = useCallback(
    async (who: Contact) => {
      await give({ do: "set_contact", who });
      await load();
    },
    [give, load],
  );
  return { ...state, relate, setContact };
}
