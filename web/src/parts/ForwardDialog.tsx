/** Where a copy of a message goes. */
import { Hash } from "lucide-react";
import { useState } from "react";
import { ListBox, ListBoxItem } from "react-aria-components";
import { useGive, useTask, useView } from "../state/engine";
import { Avatar, GroupMark } from "../ui/Arch";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { forward as words } from "../words";

export function ForwardDialog({ message, onClose }: { message: string; onClose: () => void }) {
  const give = useGive();
  const [query, setQuery] = useState("");
  const places = useView({ ask: "places" })?.places ?? [];
  const dms = useView({ ask: "dms" })?.dms ?? [];
  const task = useTask(async (channel: string) => {
    await give({ do: "forward", message, channel });
    onClose();
  });
  const goals = [
    ...dms.map((dm) => ({ id: dm.channel, name: dm.display_name, detail: "", sign: dm.peer === null ? <GroupMark size="small" /> : <Avatar id={dm.peer} name={dm.display_name} size="small" /> })),
    ...places.map((one) => ({ id: one.channel, name: one.name, detail: one.guild_name, sign: <Hash size={16} strokeWidth={1.75} aria-hidden /> })),
  ];
  const shown = goals.filter((one) => `${one.name} ${one.detail}`.toLowerCase().includes(query.trim().toLowerCase())).slice(0, 50);
  return (
    <Dialog title={words.title} open onClose={onClose}>
      <Field label={words.find} value={query} onChange={setQuery} autoFocus autoComplete="off" />
      <RefusalNote refusal={task.refusal} />
      <ListBox className="forward-list" aria-label={words.places} selectionMode="none" items={shown} onAction={(channel) => void task.run(String(channel))} renderEmptyState={() => words.none}>
        {(one) => (
          <ListBoxItem id={one.id} textValue={one.name} className="suggest-one">
            <span className="suggest-sign">{one.sign}</span>
            <span className="suggest-name" dir="auto">
              {one.name}
            </span>
            <span className="suggest-detail" dir="auto">
              {one.detail}
            </span>
          </ListBoxItem>
        )}
      </ListBox>
    </Dialog>
  );
}
