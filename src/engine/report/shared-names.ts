/** Users who are one at Duo: whoever approves for the one approves for the other. */
import type { ReportFinding } from "../../contracts/report.ts";
import type { EngineParts } from "../parts.ts";
import { accountPages, type Person } from "./people.ts";

export class SharedNames {
  readonly #nameOf: ((user: string) => string) | undefined;
  /** By the only names that two users can share: an alias, or one that differs in case alone. */
  readonly #users = new Map<string, string[]>();

  private constructor(nameOf: ((user: string) => string) | undefined) {
    this.#nameOf = nameOf;
  }

  /** Goes through all accounts once, to know which names to look out for. */
  static async among(parts: EngineParts): Promise<SharedNames> {
    const method = parts.methods.find(({ kind }) => kind === "challenge");
    const shared = new SharedNames(method?.kind === "challenge" ? method.nameOf : undefined);
    if (!shared.#nameOf) return shared;
    for await (const page of accountPages(parts)) {
      for (const person of page) {
        const name = shared.#name(person);
        const isCommon = person.account.alias === undefined && name === name.toLowerCase();
        if (!isCommon) shared.#users.set(name.toLowerCase(), []);
      }
    }
    return shared;
  }

  add(person: Person): void {
    // Duo knows one name in any case.
    this.#users.get(this.#name(person).toLowerCase())?.push(person.user);
  }

  *findings(): Generator<ReportFinding> {
    for (const [name, users] of this.#users) {
      if (users.length < 2) continue;
      for (const user of users) {
        const others = users.length - 1;
        const detail = others === 1 ? "and one other user" : `and ${others} other users`;
        yield { kind: "shared-name", violation: true, user, name, detail };
      }
    }
  }

  #name({ user, account }: Person): string {
    return account?.alias ?? this.#nameOf?.(user) ?? user;
  }
}
