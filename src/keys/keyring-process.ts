/**
 * Asks the OS keyring, in a process of its own that can be killed (see keyring.ts): one
 * question as JSON on standard input, one answer as JSON on standard output.
 */
import { text } from "node:stream/consumers";

export interface KeyringQuestion {
  readonly service: string;
  readonly account: string;
  /** Stored where there is nothing yet. */
  readonly createAs?: string;
}

/** `found`: what the keyring holds afterwards. A failure is told by its kind alone. */
export type KeyringAnswer =
  | { readonly found: string | null }
  | { readonly failure: "no-keytar" | "refused" };

/** What is used of keytar; declared here, since an optional dependency may be absent. */
interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
}

async function loadKeytar(): Promise<Keytar | undefined> {
  const name: string = "keytar";
  try {
    const { default: keytar } = await import(name);
    return keytar;
  } catch {
    return undefined;
  }
}

async function answer(question: KeyringQuestion): Promise<KeyringAnswer> {
  const { service, account, createAs } = question;
  const keytar = await loadKeytar();
  if (keytar === undefined) return { failure: "no-keytar" };
  try {
    const found = await keytar.getPassword(service, account);
    if (found !== null || createAs === undefined) return { found };
    await keytar.setPassword(service, account, createAs);
    return { found: await keytar.getPassword(service, account) };
  } catch {
    return { failure: "refused" };
  }
}

// Only as a program: the types above are imported elsewhere.
if (import.meta.main) {
  const question: KeyringQuestion = JSON.parse(await text(process.stdin));
  process.stdout.write(JSON.stringify(await answer(question)));
}
