/** Draws the client over an engine. */
import "./tokens.css";
import "./base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { EngineBridge } from "./engine/contract";
import { App } from "./pages/App";
import { EngineProvider } from "./state/engine";
import { startSettings } from "./state/settings";

export function show(bridge: EngineBridge): void {
  const root = document.getElementById("root");
  if (root === null) return;
  startSettings();
  createRoot(root).render(
    <StrictMode>
      <EngineProvider bridge={bridge}>
        <App />
      </EngineProvider>
    </StrictMode>,
  );
}
