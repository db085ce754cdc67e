/** What an operator does: nothing of it is kept here, each act asks the server. */
import { useCallback, useEffect, useState } from "react";
import type { OperatorAct, OperatorReply, Refusal } from "../wire";
import { useGive } from "./engine";
import { asRefusal } from "./refusal";

export type OperatorTold<R extends OperatorReply["reply"]> = Extract<OperatorReply, { reply: R }>;

/** Does something as an operator; rejects with `Refused`. */
export function useOperate(): (act: OperatorAct) => Promise<OperatorReply> {
  const give = useGive();
  return useCallback(
    async (act: OperatorAct) => {
      const reply = await give({ do: "operate", act });
      return reply.outcome === "operated" ? reply.reply : { reply: "done" };
    },
    [give],
  );
}

export interface Operated<T> {
  told: T | undefined;
  refusal: Refusal | null;
  again: () => void;
}

/** Asks at once, again when the question changes, and again when told to. */
export function useOperated<R extends OperatorReply["reply"]>(kind: R, act: OperatorAct): Operated<OperatorTold<R>> {
  const operate = useOperate();
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ told: OperatorTold<R> | undefined; refusal: Refusal | null }>({ told: undefined, refusal: null });
  const key = JSON.stringify(act);
  useEffect(() => {
    let current = true;
    operate(JSON.parse(key) as OperatorAct).then(
      (reply) => {
        if (current && reply.reply === kind) setState({ told: reply as OperatorTold<R>, refusal: null });
      },
      (error: unknown) => {
        if (current) setState((now) => ({ ...now, refusal: asRefusal(error) }));
      },
    );
    return () => {
      current = false;
    };
  }, [operate, key, kind, round]);
  const again = useCallback(() => setRound((now) => now + 1), []);
  return { ...state, again };
}
