/** What somebody is called in one server. */
import { useState } from "react";
import { useTask } from "../state/engine";
import { useMember } from "../state/members";
import { useAct } from "../state/govern";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { app, govern, nickname as words } from "../words";
import type { MemberView } from "../wire";
import { submit } from "./GuildDialogs";

export function NicknameDialog({ guild, user, onClose }: { guild: string; user: string; onClose: () => void }) {
  const member = useMember(guild, user);
  return member === undefined ? null : <Rename guild={guild} member={member} onClose={onClose} />;
}

function Rename({ guild, member, onClose }: { guild: string; member: MemberView; onClose: () => void }) {
  const act = useAct(guild);
  const [name, setName] = useState(member.nickname ?? "");
  const save = useTask(async () => {
    const nickname = name.trim() === "" ? null : name.trim();
    await act({ act: "set_nickname", user: member.user, nickname, reason: null });
    onClose();
  });
  return (
    <Dialog title={member.me ? words.ownTitle : words.title(`@${member.username}`)} open onClose={onClose}>
      <p>{words.lead}</p>
      <form className="form" onSubmit={submit(() => void save.run())}>
        <Field label={words.label} hint={words.empty} value={name} onChange={setName} maxLength={48} autoComplete="off" autoFocus />
        <RefusalNote refusal={save.refusal} />
        <div className="form-actions">
          <Button look="quiet" onPress={onClose}>
            {app.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={save.busy}>
            {govern.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
