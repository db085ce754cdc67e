/** Ctrl+K: to any channel or conversation, and what can be done from anywhere. */
import { AtSign, CheckCheck, Hash, Keyboard, MonitorSmartphone, Search, SunMoon } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from "react";
import { Dialog as AriaDialog, Modal, ModalOverlay } from "react-aria-components";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useView } from "../state/engine";
import { Avatar, GroupMark } from "../ui/Arch";
import { switcher as words } from "../words";
import { useDialogs } from "./open";
import "./suggest.css";
import "./switcher.css";

interface Goal {
  key: string;
  name: string;
  detail: string;
  sign: ReactNode;
  unread: number;
  run: () => void;
}

const most = 12;

export function Switcher({ onClose }: { onClose: () => void }) {
  const goals = useGoals();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const shown = useMemo(() => ranked(goals, query).slice(0, most), [goals, query]);
  const run = (goal: Goal | undefined) => {
    if (goal === undefined) return;
    onClose();
    goal.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: shown.length - 1 }[event.key];
    if (step !== undefined && shown.length > 0) setAt((now) => (Math.min(now, shown.length - 1) + step) % shown.length);
    else if (event.key === "Enter" && !event.nativeEvent.isComposing) run(shown[Math.min(at, shown.length - 1)]);
    else return;
    event.preventDefault();
  };
  return (
    <ModalOverlay className="veil switcher-veil" isOpen onOpenChange={(now) => now || onClose()} isDismissable>
      <Modal className="sheet switcher">
        <AriaDialog className="switcher-body" aria-label={words.title}>
          <label className="switcher-field">
            <Search size={18} strokeWidth={1.75} aria-hidden />
            <input
              className="switcher-input"
              role="combobox"
              aria-label={words.label}
              aria-expanded={shown.length > 0}
              aria-controls={id}
              aria-activedescendant={shown.length > 0 ? `${id}-${Math.min(at, shown.length - 1)}` : undefined}
              aria-autocomplete="list"
              placeholder={words.label}
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setAt(0);
              }}
              onKeyDown={onKeyDown}
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- it was opened to write into
              autoFocus
              autoComplete="off"
            />
          </label>
          <div className="switcher-list" role="listbox" id={id} aria-label={words.title}>
            {shown.map((goal, index) => (
              // The keys are answered in the field: the list never has the focus.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div key={goal.key} tabIndex={-1} id={`${id}-${index}`} role="option" aria-selected={index === Math.min(at, shown.length - 1)} className="suggest-one" onClick={() => run(goal)}>
                <span className="suggest-sign">{goal.sign}</span>
                <span className={`suggest-name${goal.unread > 0 ? " switcher-unread" : ""}`} dir="auto">
                  {goal.name}
                </span>
                <span className="suggest-detail" dir="auto">
                  {goal.detail}
                </span>
              </div>
            ))}
          </div>
          {shown.length === 0 && <p className="switcher-none">{words.none}</p>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

function useGoals(): Goal[] {
  const [, go] = useLocation();
  const open = useDialogs();
  const give = useGive();
  const guilds = useView({ ask: "places" })?.places ?? [];
  const dms = useView({ ask: "dms" })?.dms ?? [];
  const icon = { size: 18, strokeWidth: 1.75, "aria-hidden": true } as const;
  const actions: Goal[] = [
    { key: "mentions", name: words.mentions, sign: <AtSign {...icon} />, run: () => go(path.mentions()) },
    { key: "all-read", name: words.markAllRead, sign: <CheckCheck {...icon} />, run: () => void give({ do: "mark_all_read", guild: null }).catch(() => undefined) },
    { key: "appearance", name: words.appearance, sign: <SunMoon {...icon} />, run: () => go(path.appearance()) },
    { key: "devices", name: words.devices, sign: <MonitorSmartphone {...icon} />, run: () => go(path.devices()) },
    { key: "help", name: words.help, sign: <Keyboard {...icon} />, run: () => open({ dialog: "help" }) },
  ].map((one) => ({ ...one, detail: words.action, unread: 0 }));
  return [
    ...guilds.map((one) => ({ key: one.channel, name: one.name, detail: words.channel(one.guild_name), sign: <Hash {...icon} />, unread: one.unread, run: () => go(path.channel(one.guild, one.channel)) })),
    ...dms.map((dm) => ({ key: dm.channel, name: dm.display_name, detail: words.person, sign: dm.peer === null ? <GroupMark size="small" /> : <Avatar id={dm.peer} name={dm.display_name} size="small" />, unread: dm.unread, run: () => go(path.conversation(dm.channel)) })),
    ...actions,
  ];
}

/** Unread places first without a query; with one, names that begin with it, then words of them, then the rest. */
function ranked(goals: readonly Goal[], query: string): Goal[] {
  const wanted = query.trim().toLowerCase().replace(/^[#@]/, "");
  if (wanted === "") return goals.toSorted((a, b) => Number(b.unread > 0) - Number(a.unread > 0));
  const rank = ({ name, detail }: Goal): number => {
    const text = name.toLowerCase();
    if (text.startsWith(wanted)) return 0;
    if (text.split(/[\s-]/).some((part) => part.startsWith(wanted))) return 1;
    if (text.includes(wanted)) return 2;
    return wanted.split(" ").every((part) => `${text} ${detail.toLowerCase()}`.includes(part)) ? 3 : 9;
  };
  return goals.filter((goal) => rank(goal) < 9).toSorted((a, b) => rank(a) - rank(b));
}
