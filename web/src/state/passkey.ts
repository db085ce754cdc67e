/**
 * Passkeys whose pseudo-random function (WebAuthn `prf`) opens the account's vault. The browser
 * only evaluates the function; what its output opens is the engine's business.
 */
import { base64url } from "./base64";

export interface Opened {
  credential: string;
  secret: string;
}

/** Why a passkey could not be used: the person changed their mind, or it has no such function. */
export class PasskeyError extends Error {
  constructor(readonly why: "given-up" | "no-function") {
    super(why);
  }
}

/** Whether this browser may have passkeys that open a vault. */
export const passkeysPossible = (): boolean => typeof PublicKeyCredential !== "undefined" && isSecureContext;

const label = "cloister/prf/v1";
const timeout_ms = 120_000;

async function input(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(label)));
}

const challenge = () => crypto.getRandomValues(new Uint8Array(32));

export async function makePasskey(user: string, username: string, displayName: string): Promise<Opened> {
  const made = await asked(
    navigator.credentials.create({
      publicKey: {
        rp: { name: "Cloister" },
        user: { id: idBytes(user), name: username, displayName },
        challenge: challenge(),
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        extensions: { prf: { eval: { first: await input() } } },
        timeout: timeout_ms,
      },
    }),
  );
  const result = made.getClientExtensionResults().prf;
  if (result?.results?.first) return opened(made, result.results.first);
  if (result?.enabled !== true) throw new PasskeyError("no-function");
  // Some authenticators evaluate the function only when the passkey is used.
  return openPasskey(made.rawId);
}

/** Asks for any passkey of this site, or for a certain one. */
export async function openPasskey(only?: ArrayBuffer): Promise<Opened> {
  const used = await asked(
    navigator.credentials.get({
      publicKey: {
        challenge: challenge(),
        userVerification: "required",
        allowCredentials: only === undefined ? [] : [{ type: "public-key", id: only }],
        extensions: { prf: { eval: { first: await input() } } },
        timeout: timeout_ms,
      },
    }),
  );
  const first = used.getClientExtensionResults().prf?.results?.first;
  if (!first) throw new PasskeyError("no-function");
  return opened(used, first);
}

async function asked(question: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const answer = await question.catch(() => null);
  if (!(answer instanceof PublicKeyCredential)) throw new PasskeyError("given-up");
  return answer;
}

function opened(credential: PublicKeyCredential, first: BufferSource): Opened {
  const bytes = first instanceof ArrayBuffer ? new Uint8Array(first) : new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
  return { credential: base64url(new Uint8Array(credential.rawId)), secret: base64url(bytes) };
}

function idBytes(id: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(id.replaceAll("-", "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
