/** What guards the account: nothing of it is kept here, each act asks the server. */
import { useCallback, useEffect, useState } from "react";
import type { AccountAct, AccountReply, HappenedView, Refusal } from "../wire";
import { useGive, useTopic } from "./engine";
import { asRefusal } from "./refusal";

export type Reply<R extends AccountReply["reply"]> = Extract<AccountReply, { reply: R }>;

/** Does something about the account; rejects with `Refused`. */
export function useAct(): (act: AccountAct) => Promise<AccountReply> {
  const give = useGive();
  return useCallback(
    async (act: AccountAct) => {
      const reply = await give({ do: "account", act });
      return reply.outcome === "account" ? reply.reply : { reply: "done" };
    },
    [give],
  );
}

export interface Asked<T> {
  answer: T | undefined;
  refusal: Refusal | null;
  again: () => void;
}

/** The answer to a question about the account, and a way to ask again. */
export function useAsked<R extends AccountReply["reply"]>(act: AccountAct["act"] & ("deletion" | "email" | "factors" | "security_events" | "sign_ins"), kind: R): Asked<Reply<R>> {
  const ask = useAct();
  const [state, setState] = useState<{ answer: Reply<R> | undefined; refusal: Refusal | null }>({ answer: undefined, refusal: null });
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((now) => now + 1), []);
  useEffect(() => {
    let here = true;
    ask({ act }).then(
      (reply) => {
        if (here && reply.reply === kind) setState({ answer: reply as Reply<R>, refusal: null });
      },
      (error: unknown) => {
        if (here) setState((now) => ({ ...now, refusal: asRefusal(error) }));
      },
    );
    return () => {
      here = false;
    };
  }, [ask, act, kind, round]);
  useTopic("security", again);
  return { ...state, again };
}

/** What happened to the account and waits to be looked at. */
export function unseen(events: HappenedView[] | undefined): HappenedView[] {
  return events?.filter((event) => event.unseen) ?? [];
}
