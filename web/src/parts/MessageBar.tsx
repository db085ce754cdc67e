/** The bar of a message that appears on hover and focus: quick actions, and the menu of all. */
import { Ellipsis } from "lucide-react";
import { useGive } from "../state/engine";
import { IconButton } from "../ui/Button";
import { type Entry, Menu } from "../ui/Menu";
import { messageMenu as words } from "../words";
import type { MessageView } from "../wire";
import { type About, type MessageAction, messageActions } from "./messageActions";
import { path } from "../paths";
import { usePlace } from "../state/place";
import { useDialogs } from "./open";
import { AddReaction } from "./Reactions";
import { useTalking } from "./talking";

/** What an action may use, for one message. */
export function useAbout(message: MessageView): About {
  const give = useGive();
  const open = useDialogs();
  const { reply, edit, choose } = useTalking();
  const { channel, guild } = usePlace();
  const address = (id: string) => new URL(path.message(guild, channel, id), location.origin).href;
  return { message, channel, give, open, reply, edit, choose, address };
}

/** Does what a key asks of a message that has the focus; false if that key asks nothing. */
export function useMessageKeys(message: MessageView): (key: string) => boolean {
  const about = useAbout(message);
  return (key) => {
    const action = messageActions.find((one) => one.key === key && one.shown(about));
    action?.run(about);
    return action !== undefined;
  };
}

/** A menu of these, with a rule between groups. */
function entries(actions: readonly MessageAction[], about: About): Entry[] {
  return actions.flatMap((action, index) => {
    const entry: Entry = { label: action.label, icon: action.icon, onAction: () => action.run(about), ...(action.danger ? { danger: true } : {}) };
    return index > 0 && actions[index - 1]?.group !== action.group ? ["rule" as const, entry] : [entry];
  });
}

export function MessageBar({ message, inOrder }: { message: MessageView; inOrder: boolean }) {
  const about = useAbout(message);
  const actions = messageActions.filter((action) => action.shown(about));
  if (actions.length === 0) return null;
  return (
    <span className="line-actions" role="group" aria-label={words.label}>
      {message.can_react && <AddReaction message={message} inOrder={inOrder} />}
      {actions
        .filter((action) => action.quick)
        .map((action) => (
          <IconButton key={action.id} icon={action.icon} size={16} label={action.label} onPress={() => action.run(about)} excludeFromTabOrder={!inOrder} />
        ))}
      <Menu label={words.label} placement="bottom end" entries={entries(actions, about)}>
        <IconButton icon={Ellipsis} size={16} label={words.more} hint={false} excludeFromTabOrder={!inOrder} />
      </Menu>
    </span>
  );
}
