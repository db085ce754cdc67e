/** Messages that leave later. */
import { fill, plural } from "./plural";

export const later = {
  open: "Send later",
  title: (place: string) => fill("Send to {place} later", { place }),
  lead: "It waits on this device and is encrypted when its time has come. If this device is off then, it leaves when you open Cloister here again.",
  text: "Message",
  when: "When",
  past: "Choose a time from now on, within a year.",
  keep: "Send at that time",
  change: "Save the change",
  waiting: (count: number) => plural(count, { one: "# message waits", other: "# messages wait" }),
  leaves: (when: string) => fill("Leaves {when}", { when }),
  editNamed: (text: string) => fill("Change “{text}”", { text }),
  cancelNamed: (text: string) => fill("Don't send “{text}”", { text }),
};
