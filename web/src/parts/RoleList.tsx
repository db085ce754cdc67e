/** The roles of a server: their order, and one of them opened. */
import { ArrowDown, ArrowLeft, ArrowUp, GripVertical, Plus } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useGive, useTask } from "../state/engine";
import { useMembers } from "../state/members";
import { useAct } from "../state/govern";
import { may, rankOf } from "../state/permission";
import { Button, IconButton } from "../ui/Button";
import { RefusalNote } from "../ui/Note";
import { roles as words } from "../words";
import type { GuildView, Role } from "../wire";
import { EveryoneEditor, RoleEditor } from "./RoleEditor";

const everyone = "everyone";

export function RoleList({ view }: { view: GuildView }) {
  const [open, setOpen] = useState<string | null>(null);
  const role = view.roles.find((one) => one.id === open);
  if (open === everyone || role !== undefined) {
    return (
      <>
        <Button look="quiet" small icon={ArrowLeft} onPress={() => setOpen(null)}>
          {words.back}
        </Button>
        {role === undefined ? <EveryoneEditor view={view} /> : <RoleEditor key={role.id} view={view} role={role} onGone={() => setOpen(null)} />}
      </>
    );
  }
  return <All view={view} onOpen={setOpen} />;
}

function All({ view, onOpen }: { view: GuildView; onOpen: (role: string) => void }) {
  const act = useAct(view.id);
  const give = useGive();
  const [dragged, setDragged] = useState<string | null>(null);
  const members = useMembers(view.id) ?? [];
  const rank = rankOf(view.roles, view.my_roles, view.me?.owner === true);
  const move = useTask(async (role: string, position: number) => {
    await act({ act: "move_role", role, position });
  });
  const create = useTask(async () => {
    const reply = await give({ do: "govern", guild: view.id, act: { act: "create_role", name: words.newName, color: null, hoisted: false, mentionable: false, permissions: "0" } });
    if (reply.outcome === "role") onOpen(reply.role);
  });
  const below = (role: Role) => role.position < rank;
  const drop = (onto: Role) => {
    if (dragged !== null && dragged !== onto.id && below(onto)) void move.run(dragged, onto.position);
    setDragged(null);
  };
  return (
    <section className="own-section">
      <p className="quiet">{words.lead}</p>
      {may(view.my_permissions, "manage_roles") && (
        <div>
          <Button icon={Plus} onPress={() => void create.run()} isPending={create.busy}>
            {words.create}
          </Button>
        </div>
      )}
      <RefusalNote refusal={create.refusal ?? move.refusal} />
      <ul className="govern-list">
        {view.roles.map((role) => (
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dragging is a second way; the buttons do the same
          <li
            key={role.id}
            className={`govern-item${dragged === role.id ? " govern-dragged" : ""}`}
            draggable={below(role)}
            onDragStart={() => setDragged(role.id)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={() => drop(role)}
            onDragEnd={() => setDragged(null)}
          >
            <GripVertical size={16} strokeWidth={1.75} aria-hidden className={below(role) ? "govern-grip" : "govern-grip govern-still"} />
            <AriaButton className="govern-open" onPress={() => onOpen(role.id)} isDisabled={!below(role)} aria-label={words.edit(role.name)}>
              <span className="role-dot" style={role.color === null ? undefined : { backgroundColor: role.color }} />
              <span className="govern-text">
                <strong dir="auto">{role.name}</strong>
                <span className="quiet">{words.members(members.filter((member) => member.roles.includes(role.id)).length)}</span>
              </span>
            </AriaButton>
            <IconButton icon={ArrowUp} size={16} label={words.up(role.name)} isDisabled={!below(role) || role.position + 1 >= rank || role.position >= view.roles.length} onPress={() => void move.run(role.id, role.position + 1)} />
            <IconButton icon={ArrowDown} size={16} label={words.down(role.name)} isDisabled={!below(role) || role.position <= 1} onPress={() => void move.run(role.id, role.position - 1)} />
          </li>
        ))}
        <li className="govern-item">
          <AriaButton className="govern-open" onPress={() => onOpen(everyone)} aria-label={words.edit(words.everyone)}>
            <span className="role-dot" />
            <span className="govern-text">
              <strong>{words.everyone}</strong>
              <span className="quiet">{words.members(view.member_count)}</span>
            </span>
          </AriaButton>
        </li>
      </ul>
    </section>
  );
}
