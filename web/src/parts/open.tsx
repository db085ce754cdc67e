/** Which dialog is open over the page; any part may open one. */
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import type { ChannelLink, NoticePlace } from "../wire";

export type DialogName =
  | { dialog: "add-guild" }
  | { dialog: "create-channel"; guild: string; continues?: ChannelLink }
  | { dialog: "new-message" }
  | { dialog: "add-to-group"; channel: string }
  | { dialog: "rename-group"; channel: string; name: string }
  | { dialog: "leave-group"; channel: string; name: string }
  | { dialog: "about-channel"; channel: string }
  | { dialog: "invite"; guild: string }
  | { dialog: "leave-guild"; guild: string; name: string }
  | { dialog: "delete-guild"; guild: string; name: string }
  | { dialog: "delete-messages"; messages: string[]; author: string | null; done?: () => void }
  | { dialog: "edits"; channel: string; message: string }
  | { dialog: "person"; user: string; name: string }
  | { dialog: "nickname"; guild: string; user: string }
  | { dialog: "rules"; guild: string }
  | { dialog: "sign-out" }
  | { dialog: "poll"; channel: string }
  | { dialog: "forward"; message: string }
  | { dialog: "export"; channel: string; place: string }
  | { dialog: "switcher" }
  | { dialog: "report"; message: string }
  | { dialog: "seen"; channel: string }
  | { dialog: "notice"; about: NoticePlace; name: string }
  | { dialog: "later"; channel: string; place: string; text: string }
  | { dialog: "status" }
  | { dialog: "help" };

interface Dialogs {
  shown: DialogName | null;
  open: (dialog: DialogName) => void;
  close: () => void;
}

const DialogsContext = createContext<Dialogs>({ shown: null, open: () => undefined, close: () => undefined });

export function DialogsProvider({ children }: { children: ReactNode }) {
  const [shown, open] = useState<DialogName | null>(null);
  const close = useCallback(() => open(null), []);
  const value = useMemo(() => ({ shown, open, close }), [shown, close]);
  return <DialogsContext value={value}>{children}</DialogsContext>;
}

export const useDialogs = () => use(DialogsContext).open;
export const useShownDialog = () => use(DialogsContext);
