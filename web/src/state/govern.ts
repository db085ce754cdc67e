/** Governing a server: acts that change it, and questions that only the server can answer. */
import { useCallback, useEffect, useState } from "react";
import type { Act, CommandReply, Question, Refusal } from "../wire";
import { useGive } from "./engine";
import { asRefusal } from "./refusal";

type Told = Extract<CommandReply, { outcome: "told" }>;

/** What the server told about one subject. */
export type ToldOn<K extends Told["on"]> = Extract<Told, { on: K }>;

export function useAct(guild: string): (act: Act) => Promise<void> {
  const give = useGive();
  return useCallback(
    async (act: Act) => {
      await give({ do: "govern", guild, act });
    },
    [give, guild],
  );
}

export function useAsk(guild: string): (question: Question) => Promise<Told | null> {
  const give = useGive();
  return useCallback(
    async (question: Question) => {
      const reply = await give({ do: "ask", guild, question });
      return reply.outcome === "told" ? reply : null;
    },
    [give, guild],
  );
}

export interface Asked<T> {
  told: T | undefined;
  refusal: Refusal | null;
  again: () => void;
}

/** Asks at once, and again when told to. */
export function useAsked<K extends Told["on"]>(guild: string, on: K, question: Question): Asked<ToldOn<K>> {
  const ask = useAsk(guild);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ told: ToldOn<K> | undefined; refusal: Refusal | null }>({ told: undefined, refusal: null });
  const key = JSON.stringify(question);
  useEffect(() => {
    let current = true;
    ask(JSON.parse(key) as Question)
      .then((told) => {
        if (current && told?.on === on) setState({ told: told as ToldOn<K>, refusal: null });
      })
      .catch((error: unknown) => {
        if (current) setState({ told: undefined, refusal: asRefusal(error) });
      });
    return () => {
      current = false;
    };
  }, [ask, key, on, round]);
  const again = useCallback(() => setRound((now) => now + 1), []);
  return { ...state, again };
}
