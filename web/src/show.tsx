/** Draws the client over an engine. */
import "./tokens.css";
import "./base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { EngineBridge } from "./engine/contract";
import { App } from "./pages/App";
import { Locked } from "./pages/Locked";
import { EngineProvider } from "./state/engine";
import { isLocked, readLock } from "./state/lock";
import { startSettings } from "./state/settings";

/** Behind the lock, if the page is locked: then the engine starts with the password. */
export function showBehindLock(start: () => EngineBridge): void {
  const root = document.getElementById("root");
  if (root === null) return;
  startSettings();
  const drawn = createRoot(root);
  const inside = (bridge: EngineBridge) =>
    drawn.render(
      <StrictMode>
        <EngineProvider bridge={bridge}>
          <App />
        </EngineProvider>
      </StrictMode>,
    );
  if (isLocked(readLock(), Date.now())) drawn.render(<Locked start={start} onOpen={inside} />);
  else inside(start());
}
