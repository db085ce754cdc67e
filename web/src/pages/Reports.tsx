/** Reports: one's own and what came of them, and those that one is asked to look at. */
import { useCallback, useEffect, useState } from "react";
import { ReportQueue } from "../parts/ReportQueue";
import { useView } from "../state/engine";
import { may } from "../state/permission";
import { Choice } from "../ui/Choice";
import { report as words } from "../words";
import type { GuildView, MeView, ReportsOf } from "../wire";
import { OwnPage } from "./Own";

export function Reports({ me, reportsNew }: { me: MeView; reportsNew: boolean }) {
  const guilds = useView({ ask: "guilds" })?.guilds ?? [];
  const [whose, setWhose] = useState("mine");
  const [which, setWhich] = useState<"open" | "all">("open");
  const [moderated, setModerated] = useState<ReadonlySet<string>>(new Set());
  const options = [
    { value: "mine", label: words.mine },
    ...guilds.filter((guild) => moderated.has(guild.id)).map((guild) => ({ value: guild.id, label: words.ofGuild(guild.name) })),
    ...(me.operator ? [{ value: "operator", label: words.operator }] : []),
  ];
  const learn = useCallback((guild: GuildView) => {
    if (may(guild.my_permissions, "manage_messages")) setModerated((known) => (known.has(guild.id) ? known : new Set([...known, guild.id])));
  }, []);
  const of: ReportsOf = whose === "mine" ? { of: "mine" } : whose === "operator" ? { of: "operator" } : { of: "guild", guild: whose };
  return (
    <OwnPage title={words.page}>
      {guilds.map((guild) => (
        <Learn key={guild.id} guild={guild.id} onView={learn} />
      ))}
      {options.length > 1 && <Choice label={words.whose} value={whose} options={options} onChange={setWhose} />}
      {whose !== "mine" && (
        <Choice
          label={words.which}
          value={which}
          options={[
            { value: "open", label: words.open },
            { value: "all", label: words.all },
          ]}
          onChange={setWhich}
        />
      )}
      <ReportQueue key={`${whose} ${which} ${String(reportsNew)}`} of={of} open={which === "open"} />
    </OwnPage>
  );
}

/** Rights are known to each server's own view. */
function Learn({ guild, onView }: { guild: string; onView: (guild: GuildView) => void }) {
  const view = useView({ ask: "guild", guild })?.guild;
  useEffect(() => {
    if (view) onView(view);
  }, [view, onView]);
  return null;
}
