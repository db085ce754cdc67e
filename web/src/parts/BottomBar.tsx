/** Where there is space for one pane only: servers, messages, oneself. */
import { CircleUserRound, Landmark, Mail } from "lucide-react";
import { Link, useLocation } from "wouter";
import { path } from "../paths";
import { useView } from "../state/engine";
import { settings } from "../state/settings";
import { account, conversations, guild as guildWords, places } from "../words";
import "./layout.css";

export function BottomBar() {
  const [location] = useLocation();
  const guilds = useView({ ask: "guilds" })?.guilds ?? [];
  const dms = useView({ ask: "dms" })?.dms ?? [];
  const last = guilds.find((one) => one.id in settings().lastChannel) ?? guilds[0];
  const unreadDms = dms.reduce((sum, dm) => sum + (dm.muted ? 0 : dm.unread), 0);
  const unreadGuilds = guilds.reduce((sum, one) => sum + one.unread, 0);
  const entries = [
    { label: places.rail, href: last ? path.guild(last.id) : path.home(), icon: Landmark, current: location === "/" || location.startsWith("/channels"), unread: unreadGuilds },
    { label: conversations.title, href: path.conversations(), icon: Mail, current: location.startsWith(path.conversations()), unread: unreadDms },
    { label: account.you, href: path.you(), icon: CircleUserRound, current: location.startsWith(path.you()), unread: 0 },
  ];
  return (
    <nav className="bar" aria-label={places.navigation} data-region>
      {entries.map(({ label, href, icon: Icon, current, unread }) => (
        <Link key={label} href={href} className={current ? "bar-link bar-current" : "bar-link"} aria-current={current ? "page" : undefined} aria-label={unread > 0 ? guildWords.unread(label, unread) : label}>
          <span className="bar-icon">
            <Icon size={20} strokeWidth={1.75} aria-hidden />
            {unread > 0 && <span className="bar-dot" aria-hidden />}
          </span>
          <span>{label}</span>
        </Link>
      ))}
    </nav>
  );
}
