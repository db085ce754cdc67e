import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { app } from "../words";
import { Button, type Look } from "./Button";

/** Puts a text into the clipboard and says so for a moment. */
export function CopyButton({ text, label, name, look, small }: { text: string; label: string; name?: string; look?: Look; small?: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Button look={look ?? "plain"} icon={copied ? Check : Copy} onPress={copy} small={small ?? false} {...(name === undefined ? {} : { "aria-label": name })}>
      <span aria-live="polite">{copied ? app.copied : label}</span>
    </Button>
  );
}
