/**
 * The master key in the OS keyring (Secret Service), through keytar.
 *
 * keytar's calls cannot be given up: when the session bus does not answer, or the keyring
 * asks for a password on a screen nobody sees, one blocks for ever, and even the exit of
 * the process would wait for it. So it runs in a process of its own, which is killed when
 * its time is over. The key passes through pipes, never through arguments or environment.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KeyProvider } from "../contracts/key-provider.ts";
import { Fault } from "../core/fault.ts";
import { said } from "../files/untrusted.ts";
import { formatKey, parseKey } from "./key-text.ts";
import type { KeyringAnswer, KeyringQuestion } from "./keyring-process.ts";

/** How long the keyring may take to answer, in milliseconds. */
export const KEYRING_TIMEOUT = 15_000;

/** All that the keyring's client needs of the environment; NODE_OPTIONS is not in it. */
const ENVIRONMENT = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME"] as const;

const SERVICE = "countersign";
const HINT = 'unlock the keyring of this session, or set "key" to "file" and start anew';

/**
 * @param account name of the key in the keyring, one for each scope
 * @param timeout milliseconds
 */
export function keyringKey(
  account: string,
  env: NodeJS.ProcessEnv,
  timeout: number = KEYRING_TIMEOUT,
): KeyProvider {
  const place = `keyring entry ${SERVICE}/${said(account)}`;
  const read = async (): Promise<Buffer | undefined> => {
    const { found } = await ask({ service: SERVICE, account }, env, timeout);
    return found === null ? undefined : parseKey(found, place);
  };
  return {
    kind: "keyring",
    place,
    read,
    async create(key) {
      const secret = formatKey(key);
      // The Secret Service has no "store unless there": it would replace the old key.
      const { found } = await ask({ service: SERVICE, account, createAs: secret }, env, timeout);
      if (found === secret) return;
      if (found !== null) throw new Fault("conflict", `there is a master key in ${place} already`);
      throw unavailable("the keyring did not keep the key");
    },
  };
}

async function ask(
  question: KeyringQuestion,
  env: NodeJS.ProcessEnv,
  timeout: number,
): Promise<{ found: string | null }> {
  // Without an address libsecret would start a bus of its own, with nobody on it.
  if (!hasSessionBus(env)) throw unavailable("there is no session bus, so no keyring");
  const text = await run(JSON.stringify(question), env, timeout);
  const answer = readAnswer(text);
  if ("found" in answer) return answer;
  if (answer.failure === "no-keytar") {
    throw new Fault("key-unavailable", "keytar, which speaks to the keyring, is not installed", {
      hint: 'install libsecret and run npm rebuild keytar, or set "key" to "file"',
    });
  }
  throw unavailable("the keyring refused");
}

function run(question: string, env: NodeJS.ProcessEnv, timeout: number): Promise<string> {
  const program = fileURLToPath(
    new URL(`keyring-process${extname(import.meta.url)}`, import.meta.url),
  );
  const passed = ENVIRONMENT.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], {
      env: Object.fromEntries(passed),
      stdio: ["pipe", "pipe", "ignore"],
      timeout,
      killSignal: "SIGKILL",
    });
    let answer = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      answer += part;
    });
    // A child that died before it read: its exit says so below.
    child.stdin.on("error", () => {});
    child.on("error", (cause) => reject(unavailable("the keyring cannot be asked", cause)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(answer);
      else if (signal === "SIGKILL") reject(unavailable("the keyring did not answer in time"));
      else reject(unavailable("the keyring's client failed"));
    });
    child.stdin.end(question);
  });
}

function readAnswer(text: string): KeyringAnswer {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: it would quote the answer, and so the key.
    throw unavailable("the keyring's client failed");
  }
}

function hasSessionBus(env: NodeJS.ProcessEnv): boolean {
  if (env.DBUS_SESSION_BUS_ADDRESS) return true;
  const runtime = env.XDG_RUNTIME_DIR;
  return runtime !== undefined && runtime !== "" && existsSync(join(runtime, "bus"));
}

function unavailable(message: string, cause?: unknown): Fault {
  return new Fault("key-unavailable", message, { hint: HINT, cause });
}
