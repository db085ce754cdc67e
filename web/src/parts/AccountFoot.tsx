/** One's own name, and the menu behind it. */
import { AtSign, Bell, ChevronsUpDown, CircleHelp, Flag, HeartPulse, KeyRound, Keyboard, LogOut, MonitorSmartphone, ServerCog, ShieldCheck, SmilePlus, SunMoon, Users } from "lucide-react";
import { Button as AriaButton } from "react-aria-components";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useView } from "../state/engine";
import { type Entry, Menu } from "../ui/Menu";
import { account, appearance, certificate, devices, health, help, mentions, notices, operate, people, presence, recovery, report, security } from "../words";
import type { MeView } from "../wire";
import { useDialogs } from "./open";
import { PresentAvatar } from "./Presence";
import "./list.css";

export function AccountFoot({ me }: { me: MeView }) {
  const entries = useAccountEntries();
  return (
    <footer className="foot">
      <Menu label={account.you} entries={entries} placement="top start">
        <AriaButton className="foot-button" aria-label={account.menu(me.display_name)}>
          <PresentAvatar id={me.user} name={me.display_name} size="small" />
          <span className="foot-name">
            <span dir="auto">{me.display_name}</span>
            <span>@{me.username}</span>
          </span>
          <ChevronsUpDown size={16} strokeWidth={1.75} aria-hidden className="quiet" />
        </AriaButton>
      </Menu>
    </footer>
  );
}

export function useAccountEntries(): Entry[] {
  const [, go] = useLocation();
  const open = useDialogs();
  const session = useView({ ask: "session" });
  const reportsNew = session?.reports_new === true;
  const operator = session?.me?.operator === true;
  const entries: Entry[] = [
    { label: presence.entry, icon: SmilePlus, onAction: () => open({ dialog: "status" }) },
    { label: mentions.title, icon: AtSign, onAction: () => go(path.mentions()) },
    { label: notices.title, icon: Bell, onAction: () => go(path.notices()) },
    { label: devices.title, icon: MonitorSmartphone, onAction: () => go(path.devices()) },
    { label: security.title, icon: ShieldCheck, onAction: () => go(path.security()) },
    { label: appearance.title, icon: SunMoon, onAction: () => go(path.appearance()) },
    { label: people.title, icon: Users, onAction: () => go(path.people()) },
    { label: health.title, icon: HeartPulse, onAction: () => go(path.health()) },
    { label: reportsNew ? report.anew : report.page, icon: Flag, onAction: () => go(path.reports()) },
    { label: recovery.entry, icon: KeyRound, onAction: () => go(path.recovery()) },
    ...(operator ? [{ label: operate.entry, icon: ServerCog, onAction: () => go(path.operate()) }] : []),
    { label: help.shortcuts, icon: Keyboard, onAction: () => open({ dialog: "help" }) },
    { label: certificate.title, icon: CircleHelp, onAction: () => go(path.certificate()) },
    "rule",
    { label: account.signOut, icon: LogOut, danger: true, onAction: () => open({ dialog: "sign-out" }) },
  ];
  return entries;
}
