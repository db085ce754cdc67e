/** Three fields that make an account: your name, username, password. */
import { useState } from "react";
import { useGive, useTask } from "../state/engine";
import { deviceName } from "../state/page";
import { Button } from "../ui/Button";
import { Field, PasswordField } from "../ui/Field";
import { RefusalNote } from "../ui/Note";
import { account } from "../words";
import type { ErrorCode } from "../wire";
import { refusalSentence } from "../words";
import { submit } from "./GuildDialogs";

const shortestPassword = 8;
const usernamePattern = /^[a-z0-9_]{3,32}$/;

interface Props {
  setUpToken: string | null;
  invite: string | null;
  /** What an approved applicant was given, and for which name. */
  activation?: { username: string; code: string };
  submitLabel: string;
  onMade: (guild: string | null) => void;
}

/** A username for a name that somebody typed, as long as they chose none. */
export function suggestUsername(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[\s.-]+/g, "_")
    .replaceAll(/[^a-z0-9_]/g, "")
    .replaceAll(/_+/g, "_")
    .replaceAll(/^_|_$/g, "")
    .slice(0, 32);
}

export function AccountForm({ setUpToken, invite, activation, submitLabel, onMade }: Props) {
  const give = useGive();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [password, setPassword] = useState("");
  const username = activation?.username ?? chosen ?? suggestUsername(name);
  const register = useTask(async () => {
    const reply = await give({
      do: "register",
      set_up_token: setUpToken,
      invite,
      activation: activation?.code ?? null,
      username,
      display_name: name.trim(),
      password,
      device_name: deviceName(navigator.userAgent),
    });
    onMade(reply.outcome === "registered" ? reply.guild : null);
  });
  const of = (...codes: ErrorCode[]) => (register.refusal !== null && codes.includes(register.refusal.code) ? refusalSentence(register.refusal) : null);
  const nameError = of("USERNAME_TAKEN", "USERNAME_INVALID");
  const passwordError = of("PASSWORD_TOO_WEAK");
  const ready = name.trim() !== "" && usernamePattern.test(username) && password.length >= shortestPassword;
  return (
    <form className="form" onSubmit={submit(() => void register.run())}>
      <Field label={account.displayName} value={name} onChange={setName} maxLength={48} isRequired autoFocus autoComplete="name" hint={account.displayNameHint} />
      <Field
        label={account.username}
        value={username}
        isReadOnly={activation !== undefined}
        onChange={(text) => {
          setChosen(text.toLowerCase());
          register.clear();
        }}
        maxLength={32}
        isRequired
        autoComplete="username"
        mono
        hint={account.usernameHint}
        error={nameError}
      />
      <PasswordField
        label={account.password}
        value={password}
        onChange={(text) => {
          setPassword(text);
          register.clear();
        }}
        maxLength={128}
        isRequired
        autoComplete="new-password"
        hint={account.passwordHint}
        error={passwordError}
      />
      <RefusalNote refusal={nameError === null && passwordError === null ? register.refusal : null} />
      <Button type="submit" look="primary" wide isDisabled={!ready} isPending={register.busy}>
        {submitLabel}
      </Button>
    </form>
  );
}
