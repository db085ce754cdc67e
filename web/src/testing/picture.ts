/** Pictures for the servers in memory. */
const svg = (body: string, width: number, height: number): string => `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">${body}</svg>`)}`;

const boats = svg('<rect width="64" height="64" fill="#2c5f6e"/><path d="M8 40h48l-8 10H16z" fill="#f2e8d5"/><path d="M32 12v26l16-4z" fill="#d98f4e"/>', 64, 64);
const river = svg('<rect width="250" height="100" fill="#9fbfb4"/><path d="M0 70q60-30 125 0t125 0v30H0z" fill="#3d7480"/><path d="M0 84q60-20 125 0t125 0v16H0z" fill="#2c5f6e"/><circle cx="200" cy="26" r="12" fill="#f0d9a8"/>', 250, 100);

const oar = svg('<path d="M30 4h4v36h-4z" fill="#b98a55"/><path d="M24 38q8-8 16 0v18q-8 8-16 0z" fill="#d98f4e"/>', 64, 64);
const buoy = svg('<circle cx="32" cy="32" r="22" fill="none" stroke="#c2503f" stroke-width="12"/><path d="M32 4v14M32 46v14M4 32h14M46 32h14" stroke="#f2e8d5" stroke-width="9"/>', 64, 64);

export const painted = (name: string): string | null => (name === "oar" ? oar : name === "buoy" ? buoy : name === "boats" ? boats : name === "river" ? river : name.startsWith("data:") ? name : null);
