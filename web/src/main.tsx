import { openEngine } from "./engine/bridge";
import { keepPage } from "./offline/keep";
import { showBehindLock } from "./show";

showBehindLock(openEngine);
if (import.meta.env.PROD) void keepPage();
