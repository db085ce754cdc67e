/** The servers, as a row of arches. */
import { Mail, Plus } from "lucide-react";
import { Link, useLocation } from "wouter";
import { path } from "../paths";
import { useView } from "../state/engine";
import { settings } from "../state/settings";
import { Hinted } from "../ui/Button";
import { conversations, guild as words, places } from "../words";
import { Button as AriaButton, Focusable } from "react-aria-components";
import { GuildIcon } from "./GuildPicture";
import { useDialogs } from "./open";
import "./rail.css";

export function Rail({ guild }: { guild: string | null }) {
  const [location] = useLocation();
  const guilds = useView({ ask: "guilds" })?.guilds ?? [];
  const dms = useView({ ask: "dms" })?.dms ?? [];
  const open = useDialogs();
  const unreadDms = dms.reduce((sum, dm) => sum + (dm.muted ? 0 : dm.unread), 0);
  const inMessages = location.startsWith(path.conversations());
  return (
    <nav className="rail" aria-label={places.rail} data-region>
      <RailLink href={path.conversations()} label={words.unread(conversations.title, unreadDms)} plain={conversations.title} unread={unreadDms} current={inMessages} badge={unreadDms}>
        <span className="rail-messages">
          <Mail size={20} strokeWidth={1.75} aria-hidden />
        </span>
      </RailLink>
      <span className="rail-rule" aria-hidden />
      <ul className="rail-list">
        {guilds.map((one) => (
          <li key={one.id}>
            <RailLink href={guildAddress(one.id)} label={words.unread(one.name, one.unread)} plain={one.name} unread={one.unread} current={guild === one.id} badge={one.mentions}>
              <GuildIcon id={one.id} name={one.name} icon={one.icon} />
            </RailLink>
          </li>
        ))}
        <li>
          <Hinted hint={words.add} placement="end">
            <AriaButton className="rail-add" aria-label={words.add} onPress={() => open({ dialog: "add-guild" })}>
              <Plus size={20} strokeWidth={1.75} aria-hidden />
            </AriaButton>
          </Hinted>
        </li>
      </ul>
    </nav>
  );
}

/** Back to the channel that was open there last. */
function guildAddress(guild: string): string {
  const last = settings().lastChannel[guild];
  return last === undefined ? path.guild(guild) : path.channel(guild, last);
}

interface RailLinkProps {
  href: string;
  label: string;
  plain: string;
  unread: number;
  badge: number;
  current: boolean;
  children: React.ReactNode;
}

function RailLink({ href, label, plain, unread, badge, current, children }: RailLinkProps) {
  return (
    <Hinted hint={plain} placement="end">
      <Focusable>
        <Link href={href} className={`rail-link${current ? " rail-current" : ""}${unread > 0 ? " rail-unread" : ""}${badge > 0 ? " rail-badged" : ""}`} aria-label={unread > 0 ? label : plain} aria-current={current ? "page" : undefined}>
          {children}
          {badge > 0 && (
            <span className="rail-badge" aria-hidden>
              {badge > 99 ? "99" : badge}
            </span>
          )}
        </Link>
      </Focusable>
    </Hinted>
  );
}
