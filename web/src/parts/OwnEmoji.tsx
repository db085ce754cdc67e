/** A server's own emoji: shown in a line of text, and made by those who may. */
import { ImagePlus, PenLine, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { Refused } from "../engine/contract";
import { useTask } from "../state/engine";
import { useAct } from "../state/govern";
import { encoded } from "../state/picture";
import { Button, IconButton } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { EmojiPicture } from "../ui/EmojiPicture";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, govern, ownEmoji as words } from "../words";
import type { GuildView, OwnEmoji as Emoji } from "../wire";
import { submit } from "./GuildDialogs";

const frame = { width: 64, height: 64, bytes: 24 * 1024 };
const proper = /^[a-z0-9_]{2,20}$/;

export function EmojiSettings({ view }: { view: GuildView }) {
  const [renames, setRenames] = useState<Emoji | null>(null);
  const [removes, setRemoves] = useState<Emoji | null>(null);
  return (
    <section className="own-section">
      <h2>{words.title}</h2>
      <p className="quiet">{words.lead}</p>
      <NewEmoji guild={view.id} />
      {view.emoji.length === 0 ? <p>{words.none}</p> : <p className="quiet">{words.count(view.emoji.length)}</p>}
      <ul className="govern-list">
        {view.emoji.map((one) => (
          <li key={one.id} className="govern-item">
            <span className="own-emoji-big">
              <EmojiPicture picture={one.picture} name={`:${one.name}:`} />
            </span>
            <span className="govern-text">
              <strong dir="ltr">:{one.name}:</strong>
            </span>
            <IconButton icon={PenLine} size={16} label={words.rename(one.name)} onPress={() => setRenames(one)} />
            <IconButton icon={Trash2} size={16} label={words.remove(one.name)} onPress={() => setRemoves(one)} />
          </li>
        ))}
      </ul>
      {renames !== null && <Rename guild={view.id} of={renames} onClose={() => setRenames(null)} />}
      {removes !== null && <Remove guild={view.id} of={removes} onClose={() => setRemoves(null)} />}
    </section>
  );
}

function NewEmoji({ guild }: { guild: string }) {
  const act = useAct(guild);
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  const [picture, setPicture] = useState<string | null>(null);
  const choose = useTask(async (file: File) => {
    const small = await encoded(file, frame);
    if (small === null) throw new Refused({ code: "INVALID", message: words.noPicture, retry_after_ms: null });
    setPicture(small);
    if (name === "") setName(named(file.name));
  });
  const add = useTask(async () => {
    if (picture === null) return;
    await act({ act: "create_emoji", name, picture });
    setName("");
    setPicture(null);
  });
  return (
    <form className="form" onSubmit={submit(() => void add.run())}>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        hidden
        aria-label={words.choose}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file !== undefined) void choose.run(file);
        }}
      />
      <div className="govern-row">
        <Button icon={ImagePlus} onPress={() => input.current?.click()} isPending={choose.busy}>
          {picture === null ? words.choose : words.chosen}
        </Button>
        {picture !== null && <img className="own-emoji-preview" src={`data:image/webp;base64,${picture.replaceAll("-", "+").replaceAll("_", "/")}`} alt={words.preview} />}
      </div>
      <Field label={words.name} hint={words.nameHint} value={name} onChange={(text) => setName(text.toLowerCase())} mono maxLength={20} autoComplete="off" />
      <RefusalNote refusal={choose.refusal ?? add.refusal} />
      <div className="form-actions">
        <Button type="submit" look="primary" isDisabled={picture === null || !proper.test(name)} isPending={add.busy}>
          {words.add}
        </Button>
      </div>
    </form>
  );
}

function Rename({ guild, of, onClose }: { guild: string; of: Emoji; onClose: () => void }) {
  const act = useAct(guild);
  const [name, setName] = useState(of.name);
  const save = useTask(async () => {
    await act({ act: "rename_emoji", emoji: of.id, name });
    onClose();
  });
  return (
    <Dialog title={words.renameTitle(of.name)} open onClose={onClose}>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <Field label={words.name} hint={words.nameHint} value={name} onChange={(text) => setName(text.toLowerCase())} mono maxLength={20} autoComplete="off" autoFocus />
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isDisabled={!proper.test(name)} isPending={save.busy}>
            {govern.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Remove({ guild, of, onClose }: { guild: string; of: Emoji; onClose: () => void }) {
  const act = useAct(guild);
  const go = useTask(async () => {
    await act({ act: "delete_emoji", emoji: of.id });
    onClose();
  });
  return (
    <Dialog title={words.removeTitle(of.name)} open onClose={onClose} firm>
      <p>{words.removeLead}</p>
      <RefusalNote refusal={go.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onClose} autoFocus>
          {app.cancel}
        </Button>
        <Button look="danger" onPress={() => void go.run()} isPending={go.busy}>
          {govern.delete}
        </Button>
      </div>
    </Dialog>
  );
}

/** A name from a file's: what of it a name may have. */
function named(file: string): string {
  const plain = file.replace(/\.\w+$/, "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  return plain.slice(0, 20);
}
