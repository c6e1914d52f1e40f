/** The inventory: tokens that were imported and are nobody's yet. */
import type { Caller, TokenSummary } from "../contracts/service.ts";
import type { Token, Transaction } from "../contracts/store.ts";
import { Fault } from "../core/fault.ts";
import { METHOD_NAMES } from "../core/method-name.ts";
import { asWord, printable } from "../core/printable.ts";
import type { EngineParts } from "./parts.ts";
import { mayAdminister } from "./permission.ts";
import { record } from "./record.ts";

const PAGE = 500;

type Kept = Token & { readonly addedAt: number };

export async function* listTokens(
  { store }: EngineParts,
  caller: Caller,
): AsyncGenerator<TokenSummary> {
  mayAdminister(caller);
  let last: Kept | undefined;
  do {
    const after = last;
    const page = await store.read((view) => view.tokens.page(after, PAGE));
    for (const token of page) yield summaryOf(token);
    last = page.length === PAGE ? page.at(-1) : undefined;
  } while (last);
}

/** @throws Fault `not-found`; `conflict` where tokens of several methods have the number */
export async function removeToken(
  parts: EngineParts,
  caller: Caller,
  serial: string,
  method: string | undefined,
): Promise<Omit<TokenSummary, "addedAt">> {
  mayAdminister(caller);
  return parts.store.transact(async (tx) => {
    const found = await allOf(tx, serial, method);
    const [token] = found;
    if (!token) throw missing(serial);
    if (found.length > 1) throw ambiguous(found);
    await tx.tokens.take(token.method, serial);
    const detail = `serial=${asWord(serial)}`;
    await record(tx, parts, caller, { action: "token-remove", method: token.method, detail });
    const { algorithm, digits, period } = token;
    return { method: token.method, serial, algorithm, digits, period };
  });
}

async function allOf(tx: Transaction, serial: string, method: string | undefined) {
  const names = method === undefined ? METHOD_NAMES : [method];
  const found: Token[] = [];
  for (const name of names) {
    const token = await tx.tokens.find(name, serial);
    if (token) found.push(token);
  }
  return found;
}

function summaryOf({ method, serial, algorithm, digits, period, addedAt }: Kept): TokenSummary {
  return { method, serial, algorithm, digits, period, addedAt };
}

function missing(serial: string): Fault {
  return new Fault("not-found", `the inventory has no token ${printable(serial)}`, {
    hint: "countersign token list",
  });
}

function ambiguous(found: readonly Token[]): Fault {
  const methods = found.map(({ method }) => method).join(", ");
  return new Fault("conflict", `several tokens have this serial number: ${methods}`, {
    hint: "say which with --method",
  });
}
