/** Categories and channels: their order, what they are called, and what they give and refuse. */
import { ArrowDown, ArrowUp, FolderPlus, GripVertical, Hash, Plus, Settings2, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTask } from "../state/engine";
import { useAct } from "../state/govern";
import { may } from "../state/permission";
import { Button, IconButton } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, guild as guildWords, structure as words } from "../words";
import type { Category, ChannelSummary, GuildView } from "../wire";
import { ChannelEditor } from "./ChannelEditor";
import { submit } from "./GuildDialogs";
import { useDialogs } from "./open";

export function Structure({ view }: { view: GuildView }) {
  const open = useDialogs();
  const act = useAct(view.id);
  const [edited, setEdited] = useState<string | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const manages = may(view.my_permissions, "manage_channels");
  const move = useTask(async (channel: string, category: string | null, position: number) => {
    await act({ act: "move_channel", channel, category, position });
  });
  const drop = (onto: ChannelSummary) => {
    if (dragged !== null && dragged !== onto.id) void move.run(dragged, onto.category, onto.position);
    setDragged(null);
  };
  const channel = view.channels.find((one) => one.id === edited);
  const groups: Array<{ category: Category | null; channels: ChannelSummary[] }> = [{ category: null, channels: view.channels.filter((one) => one.category === null) }];
  for (const category of view.categories) groups.push({ category, channels: view.channels.filter((one) => one.category === category.id) });
  return (
    <>
      <p className="quiet">{words.lead}</p>
      {manages && (
        <div className="govern-buttons">
          <Button icon={Plus} onPress={() => open({ dialog: "create-channel", guild: view.id })}>
            {guildWords.createChannel}
          </Button>
          <Button icon={FolderPlus} onPress={() => setAdding(true)}>
            {words.createCategory}
          </Button>
        </div>
      )}
      <RefusalNote refusal={move.refusal} />
      {groups.map(({ category, channels }) => (
        <section key={category?.id ?? "loose"} className="own-section" onDragOver={(event) => event.preventDefault()} onDrop={() => {
          if (dragged !== null && channels.length === 0) void move.run(dragged, category?.id ?? null, 0);
          setDragged(null);
        }}>
          <CategoryHead view={view} category={category} manages={manages} />
          <ul className="govern-list">
            {channels.map((one, at) => (
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dragging is a second way; the buttons do the same
              <li
                key={one.id}
                className={`govern-item${dragged === one.id ? " govern-dragged" : ""}`}
                draggable={manages}
                onDragStart={() => setDragged(one.id)}
                onDragOver={(event) => event.preventDefault()}
                onDrop={(event) => {
                  event.stopPropagation();
                  drop(one);
                }}
                onDragEnd={() => setDragged(null)}
              >
                <GripVertical size={16} strokeWidth={1.75} aria-hidden className={manages ? "govern-grip" : "govern-grip govern-still"} />
                <Hash size={16} strokeWidth={1.75} aria-hidden className="quiet" />
                <span className="govern-text">
                  <strong dir="auto">{one.name}</strong>
                  {one.topic !== "" && (
                    <span className="quiet govern-clip" dir="auto">
                      {one.topic}
                    </span>
                  )}
                </span>
                {manages && (
                  <>
                    <IconButton icon={ArrowUp} size={16} label={words.up(one.name)} isDisabled={at === 0} onPress={() => void move.run(one.id, one.category, at - 1)} />
                    <IconButton icon={ArrowDown} size={16} label={words.down(one.name)} isDisabled={at === channels.length - 1} onPress={() => void move.run(one.id, one.category, at + 1)} />
                  </>
                )}
                <IconButton icon={Settings2} size={16} label={words.edit(one.name)} onPress={() => setEdited(one.id)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {channel !== undefined && <ChannelEditor key={channel.id} view={view} channel={channel} onClose={() => setEdited(null)} />}
      {adding && <AddCategory guild={view.id} onClose={() => setAdding(false)} />}
    </>
  );
}

function CategoryHead({ view, category, manages }: { view: GuildView; category: Category | null; manages: boolean }) {
  const act = useAct(view.id);
  const change = useTask(async (position: number) => {
    if (category !== null) await act({ act: "edit_category", category: category.id, name: category.name, position });
  });
  const remove = useTask(async () => {
    if (category !== null) await act({ act: "delete_category", category: category.id });
  });
  if (category === null) return view.categories.length === 0 ? null : <h2>{words.loose}</h2>;
  return (
    <>
      <div className="govern-head">
        <h2 dir="auto">{category.name}</h2>
        {manages && (
          <>
            <IconButton icon={ArrowUp} size={16} label={words.up(category.name)} isDisabled={category.position === 0} onPress={() => void change.run(category.position - 1)} />
            <IconButton icon={ArrowDown} size={16} label={words.down(category.name)} isDisabled={category.position + 1 >= view.categories.length} onPress={() => void change.run(category.position + 1)} />
            <IconButton icon={Trash2} size={16} label={words.removeCategory(category.name)} onPress={() => void remove.run()} />
          </>
        )}
      </div>
      <RefusalNote refusal={change.refusal ?? remove.refusal} />
    </>
  );
}

function AddCategory({ guild, onClose }: { guild: string; onClose: () => void }) {
  const act = useAct(guild);
  const [name, setName] = useState("");
  const create = useTask(async () => {
    await act({ act: "create_category", name: name.trim() });
    onClose();
  });
  return (
    <Dialog title={words.createCategory} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void create.run())}>
        <Field label={words.category} value={name} onChange={setName} maxLength={80} isRequired autoFocus autoComplete="off" />
        <RefusalNote refusal={create.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={name.trim() === ""} isPending={create.busy}>
            {words.createCategory}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
