/** A host whose audit log is rotated, and what is asked of it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { rotateAudit } from "../../src/client/audit-archive.ts";
import { type Evidence, proveFiles, proveWithStore } from "../../src/client/audit-proof.ts";
import type { Countersign } from "../../src/contracts/service.ts";
import { readCheckpoint } from "../../src/core/audit-checkpoint.ts";
import { sandbox } from "../files/sandbox.ts";
import { type Host, type HostOptions, makeHost } from "./host.ts";

export const DAY = 86_400_000;

const NOTHING: Evidence = { heads: [], checkpoints: [], archives: [] };

export class RotatedHost {
  readonly host: Host;
  readonly folder: string;

  constructor(t: TestContext, options: HostOptions = {}) {
    this.host = makeHost(t, options);
    this.folder = sandbox(t);
  }

  get root(): Countersign {
    return this.host.root;
  }

  /** Events of a day each, the last of them now. */
  async live(days: number): Promise<void> {
    for (let day = 0; day < days; day++) {
      this.host.clock.advance(DAY);
      await this.host.verify("nobody", "");
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** All but what happened in the last `days`. */
  rotate(name: string, days: number, service: Countersign = this.root) {
    const before = this.host.clock.now() - days * DAY;
    return rotateAudit(service, before, this.path(name), () => undefined);
  }

  prove(archives: readonly string[] = [], more: Partial<Evidence> = {}) {
    const evidence = { ...NOTHING, ...more, archives: archives.map((name) => this.path(name)) };
    return proveWithStore(this.root, evidence, () => undefined);
  }

  async proveAlone(archives: readonly string[], checkpoints: readonly string[] = []) {
    const paths = archives.map((name) => this.path(name));
    const key = await this.root.auditPublicKey();
    return proveFiles(key, { ...NOTHING, archives: paths, checkpoints });
  }

  async sequences(): Promise<number[]> {
    return (await this.host.audit()).map(({ sequence }) => sequence);
  }

  tamper(sql: string): void {
    const database = new DatabaseSync(this.host.path);
    database.exec(sql);
    database.close();
  }

  lines(name: string): string[] {
    return readFileSync(this.path(name), "utf8").split("\n").slice(0, -1);
  }

  rewrite(name: string, lines: readonly string[]): void {
    writeFileSync(this.path(name), lines.map((line) => `${line}\n`).join(""));
  }

  checkpointOf(name: string) {
    return readCheckpoint(JSON.parse(this.lines(name).at(-1) ?? "").checkpoint);
  }

  /** A caller whose process ends after so many parts of an archive, or transactions. */
  killedAfter(what: "parts" | "transactions", count: number): Countersign {
    let left = count;
    const live = (): void => {
      if (left-- <= 0) throw new Killed();
    };
    const { store } = this.host.parts;
    const transact: typeof store.transact = (work) => {
      if (what === "transactions") live();
      return store.transact(work);
    };
    const service = this.host.with({ store: { ...store, transact } });
    return {
      ...service,
      async *archiveAudit(before) {
        for await (const part of service.archiveAudit(before)) {
          if (what === "parts") live();
          yield part;
        }
      },
    };
  }
}

export class Killed extends Error {}
