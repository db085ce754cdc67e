/** Sentences of when a role is given by itself, and what it asks for. */
import { fill } from "./plural";

export const terms = {
  title: "When it is given",
  lead: "A role that is given by itself goes to every member whom an invite link or somebody here vouches for, also to those who are here already. Your device signs that.",
  dangerous: "It gives a right that could take the server apart, so it is given by hand only.",
  byHand: "By hand",
  joined: "On joining",
  stayed: "After some days",
  agreed: "After the rules",
  days: "Days",
  save: "Save",
  asksTitle: "What it asks for",
  asksLead: "Unless all of this is so, the role gives nothing but seeing and reading. Who holds the keys of a channel never depends on it.",
  factor: "A second factor",
  device: "A verified device: one that another device approved, or that has been in for a week",
  expires: "It counts until",
  expiresHint: "Empty: for good.",
  hours: "It counts only at some hours",
  weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
  from: "From",
  until: "Until",
  clock: (offset: string) => fill("By a clock of UTC{offset}, in summer and in winter. Ending at or before the beginning means the next day.", { offset }),
  networks: "It counts from these networks",
  networksHint: "With a blank between them, such as 203.0.113.0/24. Empty: from anywhere.",
  excludes: "Nobody holds it together with",
};

/** Why a role does not count, after its name. */
export const unmet = {
  second_factor: (role: string) => fill("The role {role} would give it, but asks for a second factor.", { role }),
  verified_device: (role: string) => fill("The role {role} would give it, but asks for a verified device.", { role }),
  expiry: (role: string) => fill("The role {role} would give it, but its time is over.", { role }),
  hours: (role: string) => fill("The role {role} would give it, but not at this hour.", { role }),
  networks: (role: string) => fill("The role {role} would give it, but not from this network.", { role }),
};
