/** The settings of a server: each section for those who may change what is in it. */
import { ArrowLeft } from "lucide-react";
import { Link, useLocation } from "wouter";
import { Applications } from "../parts/Applications";
import { AuditLog } from "../parts/AuditLog";
import { Bans } from "../parts/Bans";
import { GuildOverview } from "../parts/GuildOverview";
import { GuildReports } from "../parts/GuildReports";
import { EmojiSettings } from "../parts/OwnEmoji";
import { RoleList } from "../parts/RoleList";
import { Structure } from "../parts/Structure";
import { path } from "../paths";
import { useView } from "../state/engine";
import { useTitle } from "../state/page";
import { may, type Right } from "../state/permission";
import { IconButton } from "../ui/Button";
import { Empty, Skeleton } from "../ui/Note";
import { app, govern } from "../words";
import type { GuildView } from "../wire";
import "./page.css";
import "../parts/govern.css";

const sections: Array<{ name: string; label: string; needs: Right[] }> = [
  { name: "", label: govern.overview, needs: ["manage_guild", "manage_invites"] },
  { name: "roles", label: govern.roles, needs: ["manage_roles"] },
  { name: "channels", label: govern.channels, needs: ["manage_channels", "manage_roles"] },
  { name: "emoji", label: govern.emoji, needs: ["manage_emoji"] },
  { name: "bans", label: govern.bans, needs: ["ban_members"] },
  { name: "applications", label: govern.applications, needs: ["vouch_members", "manage_guild"] },
  { name: "reports", label: govern.reports, needs: ["manage_messages"] },
  { name: "audit", label: govern.audit, needs: ["view_audit_log"] },
];

export function GuildSettings({ guild, section }: { guild: string; section: string }) {
  const view = useView({ ask: "guild", guild })?.guild;
  const [, go] = useLocation();
  useTitle(app.title(govern.settings, 0));
  if (view === undefined || view === null) return <Skeleton lines={8} label={app.loading} />;
  const open = sections.filter((one) => one.needs.some((right) => may(view.my_permissions, right)));
  const current = open.find((one) => one.name === section) ?? open[0];
  return (
    <>
      <header className="talk-head">
        <IconButton icon={ArrowLeft} label={app.back} onPress={() => go(path.guild(guild))} />
        <h1 className="own-title serif" dir="auto">
          {govern.of(view.name)}
        </h1>
      </header>
      <nav className="govern-tabs" aria-label={govern.sections}>
        {open.map((one) => (
          <Link key={one.name} href={path.govern(guild, one.name)} className="govern-tab" aria-current={one === current ? "page" : undefined}>
            {one.label}
          </Link>
        ))}
      </nav>
      <div className="own">
        <div className="own-page govern-page">
          {current === undefined ? <Empty title={govern.settings}>{govern.nothing}</Empty> : <Section name={current.name} view={view} />}
        </div>
      </div>
    </>
  );
}

function Section({ name, view }: { name: string; view: GuildView }) {
  switch (name) {
    case "roles":
      return <RoleList view={view} />;
    case "channels":
      return <Structure view={view} />;
    case "emoji":
      return <EmojiSettings view={view} />;
    case "bans":
      return <Bans guild={view.id} />;
    case "applications":
      return <Applications view={view} />;
    case "reports":
      return <GuildReports guild={view.id} />;
    case "audit":
      return <AuditLog view={view} />;
    default:
      return <GuildOverview view={view} />;
  }
}
