/** Every address of the client. Pages and parts never write one by hand. */

export const pattern = {
  home: "/",
  setUp: "/setup",
  invite: "/invite/:code",
  signIn: "/sign-in",
  guild: "/channels/:guild",
  channel: "/channels/:guild/:channel/:message?",
  govern: "/servers/:guild/settings/:section?",
  conversations: "/messages",
  conversation: "/messages/:channel/:message?",
  you: "/you",
  devices: "/you/devices",
  mentions: "/you/mentions",
  notices: "/you/notifications",
  appearance: "/you/appearance",
  security: "/you/security",
  reset: "/reset",
  forgot: "/forgot",
  verify: "/verify",
  notMe: "/not-me",
  signUp: "/sign-up",
  apply: "/apply",
  activate: "/activate",
  recovery: "/you/recovery-key",
  people: "/you/people",
  reports: "/you/reports",
  health: "/you/this-device",
  operate: "/operate/:section?",
  certificate: "/help/certificate",
} as const;

export const path = {
  home: () => "/",
  setUp: () => "/setup",
  invite: (code: string) => `/invite/${encodeURIComponent(code)}`,
  signIn: () => "/sign-in",
  guild: (guild: string) => `/channels/${guild}`,
  channel: (guild: string, channel: string) => `/channels/${guild}/${channel}`,
  message: (guild: string | null, channel: string, message: string) => (guild === null ? `/messages/${channel}/${message}` : `/channels/${guild}/${channel}/${message}`),
  govern: (guild: string, section: string) => `/servers/${guild}/settings/${section}`,
  conversations: () => "/messages",
  conversation: (channel: string) => `/messages/${channel}`,
  you: () => "/you",
  devices: () => "/you/devices",
  mentions: () => "/you/mentions",
  notices: () => "/you/notifications",
  appearance: () => "/you/appearance",
  security: () => "/you/security",
  reset: () => "/reset",
  forgot: () => "/forgot",
  signUp: () => "/sign-up",
  apply: () => "/apply",
  recovery: () => "/you/recovery-key",
  people: () => "/you/people",
  reports: () => "/you/reports",
  health: () => "/you/this-device",
  operate: (section = "") => (section === "" ? "/operate" : `/operate/${section}`),
  certificate: () => "/help/certificate",
};

/** The part after `#`: a set-up token or an invite's seed. It is never sent to the server. */
export function secretOf(hash: string): string | null {
  const text = hash.replace(/^#/, "").trim();
  return text === "" ? null : text;
}

/** What an invite page hands to the engine: the code, with the seed when the link had one. */
export function inviteOf(code: string, seed: string | null): string {
  return seed === null ? code : `${code}#${seed}`;
}

/** The last part of a pasted link or bare code, as a path with its secret part kept. */
export function inviteAddress(pasted: string): string | null {
  const text = pasted.trim();
  const match = /(?:^|\/invite\/)([A-Za-z0-9_-]{4,64})(#[A-Za-z0-9_-]+)?\/?$/.exec(text);
  return match?.[1] === undefined ? null : `${path.invite(match[1])}${match[2] ?? ""}`;
}

/** The channel or conversation that an address shows. */
export function channelIn(address: string): string | null {
  return /^\/channels\/[^/]+\/([^/]+)/.exec(address)?.[1] ?? /^\/messages\/([^/]+)/.exec(address)?.[1] ?? null;
}
