/** Who reacted to a message with what; a press joins in or takes it back. */
import { SmilePlus } from "lucide-react";
import { Button as AriaButton, DialogTrigger } from "react-aria-components";
import { useGive } from "../state/engine";
import { Hinted, IconButton } from "../ui/Button";
import { Bubble } from "../ui/Dialog";
import { EmojiPicture } from "../ui/EmojiPicture";
import { reactions as words } from "../words";
import type { MessageView, ReactionView } from "../wire";
import { EmojiPicker } from "./EmojiPicker";

/** Reacts, or takes the reaction back. */
export function useReact(message: string): (emoji: string, mine: boolean) => void {
  const give = useGive();
  return (emoji, mine) => void give({ do: mine ? "unreact" : "react", message, emoji }).catch(() => undefined);
}

export function Reactions({ message, inOrder }: { message: MessageView; inOrder: boolean }) {
  const react = useReact(message.id);
  if (message.reactions.length === 0) return null;
  return (
    <div className="reactions" role="group" aria-label={words.label}>
      {message.reactions.map((one) => (
        <Reaction key={one.emoji} one={one} can={message.can_react} inOrder={inOrder} onPress={() => react(one.emoji, one.mine)} />
      ))}
      {message.can_react && <AddReaction message={message} inOrder={inOrder} />}
    </div>
  );
}

function Reaction({ one, can, inOrder, onPress }: { one: ReactionView; can: boolean; inOrder: boolean; onPress: () => void }) {
  return (
    <Hinted hint={words.who(one.names, one.count)}>
      <AriaButton className={`reaction${one.mine ? " reaction-mine" : ""}`} aria-pressed={one.mine} aria-label={words.reaction(one.name, one.count)} onPress={onPress} isDisabled={!can} excludeFromTabOrder={!inOrder}>
        <span aria-hidden>{one.picture === null ? one.name : <EmojiPicture picture={one.picture} name={one.name} />}</span>
        <span className="reaction-count">{one.count}</span>
      </AriaButton>
    </Hinted>
  );
}

export function AddReaction({ message, inOrder }: { message: MessageView; inOrder: boolean }) {
  const react = useReact(message.id);
  return (
    <DialogTrigger>
      <IconButton icon={SmilePlus} size={16} label={words.add} excludeFromTabOrder={!inOrder} />
      <Bubble label={words.add} placement="top end">
        {({ close }) => (
          <EmojiPicker
            onPick={(emoji) => {
              close();
              const mine = message.reactions.some((one) => one.emoji === emoji && one.mine);
              if (!mine) react(emoji, false);
            }}
          />
        )}
      </Bubble>
    </DialogTrigger>
  );
}
