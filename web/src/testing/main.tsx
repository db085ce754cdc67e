/** The page over the engine in memory: `npm run dev:fake`, scenes by `?scene=offline,long`. */
import { showBehindLock } from "../show";
import { FakeEngine } from "./engine";

const scene = new Set((new URLSearchParams(location.search).get("scene") ?? "").split(",").filter((word) => word !== ""));
const engine = new FakeEngine(scene);
Object.assign(globalThis, { engine });
showBehindLock(() => engine);
