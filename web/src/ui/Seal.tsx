/** A small arch that tells how safe a place or person is, always with a word. */
import { Button, DialogTrigger } from "react-aria-components";
import { Button as LookButton, Hinted } from "./Button";
import { Bubble } from "./Dialog";
import "./seal.css";

export type SealKind = "encrypted" | "verified" | "attention";

export function SealMark({ kind }: { kind: SealKind }) {
  return (
    <svg className={`seal-mark seal-${kind}`} width="14" height="16" viewBox="0 0 14 16" fill="none" strokeWidth="1.5" strokeLinejoin="round" aria-hidden focusable="false">
      <path d="M1.25 14.75V6.9a5.75 5.75 0 0 1 11.5 0v7.85z" stroke="currentColor" />
      {kind === "encrypted" && <path d="M5 14.5V9.6a2 2 0 0 1 4 0v4.9z" fill="currentColor" />}
      {kind === "verified" && <path d="M4.2 8.6l2.1 2.2 3.6-4.2" stroke="currentColor" strokeLinecap="round" />}
      {kind === "attention" && <path d="M7 5.4v4M7 12v.1" stroke="currentColor" strokeLinecap="round" />}
    </svg>
  );
}

/** Opened, it explains: what it is, and what to do. */
export function Seal({ kind, word, what, next, more }: { kind: SealKind; word: string; what: string; next?: string; more?: { label: string; open: () => void } }) {
  return (
    <DialogTrigger>
      <Hinted hint={word} placement="bottom">
        <Button className="seal" aria-label={word}>
          <SealMark kind={kind} />
        </Button>
      </Hinted>
      <Bubble label={word} placement="bottom start">
        <p className="seal-word">
          <SealMark kind={kind} />
          {word}
        </p>
        <p dir="auto">{what}</p>
        {next !== undefined && <p dir="auto">{next}</p>}
        {more !== undefined && (
          <LookButton slot="close" small onPress={more.open}>
            {more.label}
          </LookButton>
        )}
      </Bubble>
    </DialogTrigger>
  );
}
