/** Sentences of reports. */
import type { ReportReason, Resolution } from "../wire";
import { fill, plural } from "./plural";

export const report = {
  action: "Report",
  title: "Report a message",
  lead: (count: number) => plural(count, { one: "This reveals one message, word for word, with proof of who wrote it. Nothing else here is opened. It can't be taken back.", other: "This reveals # messages, word for word, with proof of who wrote them. Nothing else here is opened. It can't be taken back." }),
  reveals: "What is revealed",
  also: "Show what was said around it",
  around: "Choose what else to reveal, up to 20 messages. It helps to understand what happened.",
  reason: "What's wrong",
  note: "In your own words",
  noteHint: "If you like. Up to 1,000 characters.",
  to: "Who looks at it",
  toGuild: "Those who moderate this server",
  toOperator: "Those who run this Cloister",
  submit: "Reveal and report",
  unprovable: "This device can't prove who wrote this message, so it can't be reported from here. Try another of your devices.",
  doneTitle: "Reported",
  done: "Thank you. You'll find what came of it under You, Reports.",
  page: "Reports",
  mine: "Yours",
  operator: "To those who run this Cloister",
  ofGuild: (guild: string) => fill("To those who moderate {guild}", { guild }),
  whose: "Whose reports",
  which: "Which",
  open: "Open",
  all: "All",
  none: "No reports",
  noneMine: "You haven't reported anything. To report a message, open its menu.",
  noneOpen: "Nothing waits for you here.",
  by: (name: string) => fill("Reported by {name}", { name }),
  proved: "The server has checked that these are the words it accepted, from these people, at these times.",
  newer: "This message was written with a newer version.",
  resolve: "What came of it",
  queueLead: "You see the messages that were revealed, and nothing else of their channels. The person who reported hears what came of it, never what you write down.",
  finding: "Notes for others who moderate",
  keepFinding: "Keep the notes",
  free: "Nobody is looking at it yet.",
  yours: "You are looking at it.",
  takenBy: (name: string) => fill("{name} is looking at it.", { name }),
  take: "I'll look at it",
  release: "Let go of it",
  freeIt: "Free it for others",
  more: "Show more",
  anew: "New reports wait for you",
  message: "Go to the message",
};

export const reportReasons: Record<ReportReason, string> = {
  spam: "Spam",
  harassment: "Harassment",
  threats: "Threats or violence",
  illegal: "Something illegal",
  self_harm: "Somebody may harm themselves",
  other: "Something else",
};

export const resolutions: Record<Resolution, { done: string; act: string }> = {
  action_taken: { done: "Action was taken.", act: "Action taken" },
  no_action: { done: "Looked at; no action was needed.", act: "No action needed" },
};

export const waitsForSomebody = "Waits for somebody to look at it.";
