/** What members of a server reported to those who moderate it. */
import { useState } from "react";
import { useView } from "../state/engine";
import { Choice } from "../ui/Choice";
import { report as words } from "../words";
import { ReportQueue } from "./ReportQueue";

export function GuildReports({ guild }: { guild: string }) {
  const [which, setWhich] = useState<"open" | "all">("open");
  const reportsNew = useView({ ask: "session" })?.reports_new === true;
  return (
    <section className="own-section">
      <p className="quiet">{words.queueLead}</p>
      <Choice
        label={words.which}
        value={which}
        options={[
          { value: "open", label: words.open },
          { value: "all", label: words.all },
        ]}
        onChange={setWhich}
      />
      <ReportQueue key={`${which} ${String(reportsNew)}`} of={{ of: "guild", guild }} open={which === "open"} />
    </section>
  );
}
