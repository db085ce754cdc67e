/** What one is told of in a place, and what is muted. */
import { fill } from "./plural";

export const notice = {
  title: (place: string) => fill("Notifications in {place}", { place }),
  open: "Notifications here",
  ofServer: "Notifications of this server",
  level: "Tell me of",
  asServer: "As the server is set",
  asDevice: "As this device is set",
  all: "All messages",
  mentions: "Mentions",
  nothing: "Nothing",
  lead: "This holds on all your devices. The server doesn't know it.",
  mute: "Mute",
  muteLead: "Nothing here makes a badge or a notification until the time is over. Mentions still count.",
  muteFor: { "900": "For 15 minutes", "3600": "For an hour", "28800": "For eight hours", "86400": "For a day", "0": "Until I end it" },
  muted: "Muted",
  mutedUntil: (when: string) => fill("Muted until {when}", { when }),
  unmute: "End it",
  mutedName: (name: string) => fill("{name}, muted", { name }),
  markRead: "Mark as read",
  keywords: "Words that count as your name",
  keywordsHint: "Separated by commas. When somebody writes one, it's like a mention. Your devices look for them by themselves; nobody else learns these words.",
  keywordsSave: "Save the words",
  toUnread: "Go to the first unread message",
};
