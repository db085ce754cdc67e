import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import "./dialog.css";

export type Entry = { label: string; icon: LucideIcon; onAction: () => void; danger?: boolean } | "rule";

/** A button (the first child) and the menu it opens. */
export function Menu({ label, entries, children, placement }: { label: string; entries: Entry[]; children: ReactNode; placement?: "top start" | "bottom start" | "bottom end" }) {
  return (
    <MenuTrigger>
      {children}
      <Popover className="menu" offset={6} placement={placement ?? "bottom start"}>
        <AriaMenu className="menu-list" aria-label={label}>
          {entries.map((entry, index) =>
            entry === "rule" ? (
              // oxlint-disable-next-line no-array-index-key -- rules have no other name
              <Separator key={`rule ${index}`} className="menu-rule" />
            ) : (
              <MenuItem key={entry.label} id={entry.label} textValue={entry.label} onAction={entry.onAction} className={entry.danger ? "menu-item menu-item-danger" : "menu-item"}>
                <entry.icon size={16} strokeWidth={1.75} aria-hidden />
                {entry.label}
              </MenuItem>
            ),
          )}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
