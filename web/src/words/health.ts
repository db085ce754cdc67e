/** Sentences of the page about this device. */
import { plural } from "./plural";

export const health = {
  title: "This device",
  outbox: (waiting: number, failed: number) =>
    failed > 0
      ? plural(failed, { one: "# message couldn't be sent and waits for you in its conversation.", other: "# messages couldn't be sent and wait for you in their conversations." })
      : waiting > 0
        ? plural(waiting, { one: "# message is on its way.", other: "# messages are on their way." })
        : "Everything you wrote was sent.",
  waiting: (count: number) => plural(count, { one: "# message waits for its key. It opens by itself.", other: "# messages wait for their keys. They open by themselves." }),
  allTitle: "Everything can be read",
  all: "Every message that was meant for this device opened on it.",
  lead: "Some messages can't be read here. Each has a reason, and something that you can do:",
  count: (count: number) => plural(count, { one: "# message", other: "# messages" }),
};
