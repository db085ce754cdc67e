/** What the parts of one conversation share: what is answered, what is edited, where to go. */
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import type { MessageView } from "../wire";

interface Deeds {
  /** Answers this message with what is written next. */
  reply: (message: MessageView | null) => void;
  /** Opens one's own message for changing; null closes it. */
  edit: (message: string | null) => void;
  /** Shows a message of this conversation. */
  jump: (message: string) => void;
  /** Takes a message among the chosen ones, or out of them; null ends choosing. */
  choose: (message: string | null) => void;
}

const none: Deeds = { reply: () => undefined, edit: () => undefined, jump: () => undefined, choose: () => undefined };
const DeedsContext = createContext<Deeds>(none);
const ReplyingContext = createContext<MessageView | null>(null);
const EditingContext = createContext<string | null>(null);
const ChosenContext = createContext<ReadonlySet<string> | null>(null);

/** Messages that one act of removing takes. */
export const chosenMost = 100;

/** The name of the event that asks the timeline to show a message. */
export const jumpEvent = "cloister:jump";

export function TalkingProvider({ children }: { children: ReactNode }) {
  const [replying, reply] = useState<MessageView | null>(null);
  const [editing, edit] = useState<string | null>(null);
  const jump = useCallback((message: string) => void dispatchEvent(new CustomEvent(jumpEvent, { detail: message })), []);
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const choose = useCallback(
    (message: string | null) =>
      setChosen((now) => {
        if (message === null) return null;
        const next = new Set(now);
        if (!next.delete(message) && next.size < chosenMost) next.add(message);
        return next;
      }),
    [],
  );
  const deeds = useMemo(() => ({ reply, edit, jump, choose }), [jump, choose]);
  return (
    <DeedsContext value={deeds}>
      <ReplyingContext value={replying}>
        <EditingContext value={editing}>
          <ChosenContext value={chosen}>{children}</ChosenContext>
        </EditingContext>
      </ReplyingContext>
    </DeedsContext>
  );
}

export const useTalking = () => use(DeedsContext);
export const useReplying = () => use(ReplyingContext);
export const useEditing = () => use(EditingContext);
/** The messages that are chosen to be removed together; null while nobody chooses. */
export const useChosen = () => use(ChosenContext);
