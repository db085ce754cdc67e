/** Who is there, and what one lets others see of that. */
import { fill } from "./plural";
import type { PresenceState } from "../wire";

export const presence = {
  state: { online: "Here", idle: "Away for a moment", do_not_disturb: "Doesn't want to be disturbed", offline: "Not here" } satisfies Record<PresenceState, string>,
  title: "Your status",
  entry: "Set your status",
  availability: "Others see you as",
  automatic: "Here or away, as it is",
  doNotDisturb: "Do not disturb",
  invisible: "Not here",
  invisibleNote: "Others see you as not here. You can do everything as usual.",
  quietNote: "Cloister doesn't notify you on this device while it is so.",
  text: "What you're up to",
  textHint: "One line. This server can read it, and forgets it when you leave. It is shown to people of your smaller servers and your conversations.",
  lasts: "How long",
  until: { "1800": "Half an hour", "14400": "Four hours", "86400": "A day", "0": "Until I change it" },
  save: "Save",
  clear: "Clear",
  said: (name: string, state: string) => fill("{name}, {state}", { name, state }),
};
