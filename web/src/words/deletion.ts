/** Sentences about the end of an account. */
import { fill, plural } from "./plural";

export const deletion = {
  title: "Delete account",
  lead: (days: number) =>
    days === 0
      ? "Everything of your account goes within minutes. Nobody can bring it back."
      : plural(days, {
          one: "Everything of your account goes a day after you ask for it. Until then you can sign in and keep it.",
          other: "Everything of your account goes # days after you ask for it. Until then you can sign in and keep it.",
        }),
  goes: "Your name, your e-mail address, your devices' keys and your key backup go. What you wrote is removed everywhere, and a line says that something stood there. You leave every server and every conversation.",
  stays: "What others saved on their own devices stays with them.",
  save: "To keep your messages, save them from each conversation first.",
  owns: (names: string[], more: number) =>
    more === 0 ? fill("You own {names}. Hand it over or delete it first.", { names: names.join(", ") }) : fill("You own {names} and more. Hand them over or delete them first.", { names: names.join(", ") }),
  group: "a group conversation",
  open: "Delete account…",
  sure: "Delete your account?",
  name: (username: string) => fill("To be sure, type your user name: {username}", { username }),
  submit: "Delete my account",
  pending: (date: string) => fill("Your account is deleted on {date}.", { date }),
  pendingLead: "Nothing has gone yet, and you can go on as always. Keep the account, and nothing will.",
  keep: "Keep my account",
  kept: "Your account stays.",
  notice: (date: string) => fill("Your account is deleted on {date}, unless you keep it.", { date }),
  gone: (name: string) => fill("{name} is gone: nobody reads here but you.", { name }),
};
