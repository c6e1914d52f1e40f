/** The embedded store keeps every store's contract. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { createSqliteStore } from "../../src/stores/sqlite/store.ts";
import { storeContract } from "./contract.ts";

const directory = mkdtempSync(join(realpathSync(tmpdir()), "countersign-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));
let made = 0;

storeContract(async () => createSqliteStore(join(directory, `${made++}.db`)));
