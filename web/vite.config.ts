import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Tells the service worker which files make up this version of the page. */
function pageFiles(): Plugin {
  return {
    name: "cloister-page-files",
    apply: "build",
    generateBundle: {
      order: "post",
      async handler(_, bundle) {
        const worker = bundle["service-worker.js"];
        if (worker?.type !== "chunk") throw new Error("the service worker is missing from the build");
        const files = Object.keys(bundle).filter((name) => name !== worker.fileName && name !== "index.html").sort();
        // Every name carries a hash of its content, so a hash over the names stands for the version.
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(files.join("\n")));
        const version = [...new Uint8Array(digest).slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        worker.code = worker.code
          .replace("PAGE_FILES", JSON.stringify(files.map((name) => `/${name}`)))
          .replace("PAGE_VERSION", JSON.stringify(version));
      },
    },
  };
}

/**
 * `--mode fake` serves the page with an engine that lives in memory (src/testing), to work on
 * screens and to look at them. The build always uses the real one: src/testing is not part of it.
 */
export default defineConfig(({ mode, command }) => ({
  plugins: [
    react(),
    pageFiles(),
    {
      name: "cloister-fake-engine",
      transformIndexHtml: (html: string) =>
        mode === "fake" && command === "serve" ? html.replace("/src/main.tsx", "/src/testing/main.tsx") : html,
    },
  ],
  build: {
    target: "es2023",
    manifest: false,
    modulePreload: { polyfill: false },
    // An inlined file would be a data: URL, which the page's policy refuses.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: "index.html", "service-worker": "src/offline/service-worker.ts" },
      output: {
        // A service worker is found by its address, which therefore never changes.
        entryFileNames: ({ name }) => (name === "service-worker" ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: { format: "es" },
  server: { port: 5199, strictPort: true },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
}));
