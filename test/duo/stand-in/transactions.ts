/** Pushes, calls and passcodes on their way: what auth_status tells of them. */
import { randomUUID } from "node:crypto";

/** What a person does with a push or a call, or what becomes of it. */
export type Answer = "allow" | "deny" | "fraud" | "timeout" | "locked_out";

export interface Status {
  readonly result: "waiting" | "allow" | "deny";
  readonly status: string;
  readonly status_msg: string;
}

const FINAL: Readonly<Record<Answer, string>> = {
  allow: "Success. Logging you in...",
  deny: "Login request denied.",
  fraud: "Login request reported as fraudulent.",
  timeout: "Login timed out.",
  locked_out: "Account disabled. Please contact your system administrator.",
};

export function answered(answer: Answer): Status {
  const result = answer === "allow" ? "allow" : "deny";
  return { result, status: answer, status_msg: FINAL[answer] };
}

export class Transaction {
  readonly id = randomUUID();
  readonly user: string;
  readonly #statuses: Status[] = [];
  #delivered = 0;
  readonly #wake: (() => void)[] = [];

  constructor(user: string) {
    this.user = user;
  }

  get decided(): boolean {
    const last = this.#statuses.at(-1);
    return last !== undefined && last.result !== "waiting";
  }

  /** News. What is decided stays so. */
  add(status: Status): void {
    if (this.decided) return;
    this.#statuses.push(status);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** The next news, held back until there is some; then the last known. */
  async next(longest: number): Promise<Status | undefined> {
    if (this.#delivered >= this.#statuses.length && !this.decided) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longest).unref();
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    const status = this.#statuses[this.#delivered] ?? this.#statuses.at(-1);
    this.#delivered = Math.min(this.#delivered + 1, this.#statuses.length);
    return status;
  }
}
