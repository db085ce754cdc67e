/** The keys that work everywhere; parts/HelpSheet lists them. */
import { useEffect } from "react";
import { useGive } from "../state/engine";
import { channelIn } from "../paths";
import { openSearch } from "../state/search";
import { useDialogs } from "./open";

export function Shortcuts() {
  const open = useDialogs();
  const give = useGive();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.key === "/" && event.ctrlKey) {
        event.preventDefault();
        open({ dialog: "help" });
        return;
      }
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        open({ dialog: "switcher" });
        return;
      }
      if (event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey) && !event.altKey && document.querySelector("[role=dialog], [role=alertdialog]") === null) {
        event.preventDefault();
        openSearch(event.shiftKey ? null : channelIn(location.pathname));
        return;
      }
      // What follows is about the page, and a dialog lies over it.
      if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu]") !== null) return;
      if (event.key === "?" && !isField(event.target)) {
        event.preventDefault();
        open({ dialog: "help" });
      } else if (event.key === "F6") {
        event.preventDefault();
        nextRegion(event.shiftKey ? -1 : 1);
      } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        nextInList(event.key === "ArrowUp" ? -1 : 1);
      } else if (event.key === "Escape" && event.shiftKey) {
        event.preventDefault();
        void give({ do: "mark_all_read", guild: null }).catch(() => undefined);
      } else if (event.key === "Escape") {
        dispatchEvent(new Event("cloister:read"));
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [open, give]);
  return null;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, [contenteditable]") !== null;
}

const focusable = 'a[href], button:not([disabled]), textarea, input, [tabindex="0"]';

/** The regions that are on screen, in the order of the page. */
function regions(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((region) => region.getClientRects().length > 0);
}

function nextRegion(step: 1 | -1): void {
  const all = regions();
  // The composer is a region inside the conversation: the inner one counts.
  const at = all.findLastIndex((region) => region.contains(document.activeElement));
  for (let tried = 1; tried <= all.length; tried += 1) {
    const region = all[(at + step * tried + all.length * 2) % all.length];
    if (region !== undefined && enter(region)) return;
  }
}

function enter(region: HTMLElement): boolean {
  const inside = region.querySelector<HTMLElement>('[aria-current="page"], [data-line][tabindex="0"]') ?? region.querySelector<HTMLElement>(focusable);
  inside?.focus();
  return inside !== null;
}

function nextInList(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-steps] a[href]")];
  const at = links.findIndex((link) => link.getAttribute("aria-current") === "page");
  links[at < 0 ? 0 : (at + step + links.length) % links.length]?.click();
}
