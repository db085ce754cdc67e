/** Sentences of the page that locks itself. */
export const lock = {
  title: "Locked",
  lead: "Nobody used this page for a while. Your password opens it; what came in meanwhile waits inside.",
  unlock: "Unlock",
  leave: "Sign out of this browser",
  leaveHint: "Signing out destroys the keys and messages on this device. You come back with another device or your recovery key.",
  askTitle: "Are you still there?",
  ask: "This page locks itself in a moment, because whoever runs this Cloister wants that. Move on to keep it open.",
  here: "I'm here",
};
