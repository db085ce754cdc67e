import { openEngine } from "./engine/bridge";
import { keepPage } from "./offline/keep";
import { show } from "./show";

show(openEngine());
if (import.meta.env.PROD) void keepPage();
