/**
 * What every store must do, whatever it is made of. A store's own test file calls this with
 * a function that opens a new, empty store of its kind; each test opens one and closes it.
 */
import { describe } from "node:test";
import { accountsContract } from "./contract-accounts.ts";
import { attemptsContract } from "./contract-attempts.ts";
import { auditContract } from "./contract-audit.ts";
import { authenticatorsContract } from "./contract-authenticators.ts";
import { backupCodesContract } from "./contract-backup-codes.ts";
import { checkpointsContract } from "./contract-checkpoints.ts";
import { filtersContract } from "./contract-filters.ts";
import { graceContract } from "./contract-grace.ts";
import { importsContract } from "./contract-imports.ts";
import { invitationsContract } from "./contract-invitations.ts";
import { listsContract } from "./contract-lists.ts";
import { servicesContract } from "./contract-services.ts";
import { startsContract } from "./contract-starts.ts";
import { tokensContract } from "./contract-tokens.ts";
import { transactionsContract } from "./contract-transactions.ts";
import type { OpenStore } from "./opened.ts";

export function storeContract(open: OpenStore): void {
  describe("transactions", () => transactionsContract(open));
  describe("accounts", () => accountsContract(open));
  describe("lists of accounts", () => listsContract(open));
  describe("filtered lists of accounts", () => filtersContract(open));
  describe("authenticators", () => authenticatorsContract(open));
  describe("what services keep", () => servicesContract(open));
  describe("tokens, and who has them", () => tokensContract(open));
  describe("imports", () => importsContract(open));
  describe("how often a challenge begins", () => startsContract(open));
  describe("backup codes", () => backupCodesContract(open));
  describe("grace tickets", () => graceContract(open));
  describe("invitations, and first authenticators", () => invitationsContract(open));
  describe("attempts", () => attemptsContract(open));
  describe("the audit log", () => auditContract(open));
  describe("checkpoints of the audit log", () => checkpointsContract(open));
}
