/** The engine's face for one caller: every use case, behind one contract. */
import type { Caller, Countersign } from "../contracts/service.ts";
import { announced } from "./announce.ts";
import { listAudit, status, verifyAudit } from "./audit.ts";
import { backupCodeStatus, generateBackupCodes, revokeBackupCodes } from "./backup-codes.ts";
import { auditPublicKey, checkpointAudit } from "./checkpoint.ts";
import { beginEnrollment, cancelEnrollment, confirmEnrollment } from "./enroll.ts";
import { enrollToken } from "./enroll-token.ts";
import { enrollYubikey } from "./enroll-yubikey.ts";
import { listTickets, revokeTickets } from "./grace.ts";
import { commitImport } from "./import/commit.ts";
import { abandonImport, beginImport, stageImport } from "./import/import.ts";
import { createInvitation, listInvitations, revokeInvitations } from "./invitations.ts";
import {
  checkMethod,
  enrollByChallenge,
  listMethods,
  purgeMethod,
  setMethodSecret,
} from "./methods.ts";
import type { EngineParts } from "./parts.ts";
import { mayAdminister, mayReach } from "./permission.ts";
import { explainPolicy, standing } from "./policy.ts";
import { record } from "./record.ts";
import { auditReport } from "./report/report.ts";
import { resynchronize } from "./resync.ts";
import { archiveAudit, dropArchived } from "./rotate.ts";
import { listTokens, removeToken } from "./tokens.ts";
import { listUsers } from "./user-list.ts";
import { disableUser, enableUser, reset, setAlias, showUser, unlockUser } from "./users.ts";
import { verify } from "./verify.ts";
import { setMessage, setPreferredMethod } from "./wishes.ts";

export function countersignFor(given: EngineParts, caller: Caller): Countersign {
  const parts = announced(given);
  return {
    verify: async (user, origin, conversation) => {
      mayReach(caller, user);
      return verify(parts, { user, origin, caller }, conversation);
    },

    beginEnrollment: (user, options, conversation) =>
      beginEnrollment(parts, caller, user, options, conversation),
    confirmEnrollment: (user, method, code) => confirmEnrollment(parts, caller, user, method, code),
    cancelEnrollment: (user, method) => cancelEnrollment(parts, caller, user, method),

    enrollByChallenge: (user, method, origin, conversation) =>
      enrollByChallenge(parts, caller, user, method, origin, conversation),

    enrollToken: (user, token, conversation) =>
      enrollToken(parts, caller, user, token, conversation),
    resynchronize: (user, token, conversation) =>
      resynchronize(parts, caller, user, token, conversation),
    listTokens: () => listTokens(parts, caller),
    removeToken: (serial, method) => removeToken(parts, caller, serial, method),
    enrollYubikey: (user, isLocal, conversation) =>
      enrollYubikey(parts, caller, user, isLocal, conversation),

    createInvitation: (user, terms) => createInvitation(parts, caller, user, terms),
    listInvitations: (user) => listInvitations(parts, caller, user),
    revokeInvitations: (choice) => revokeInvitations(parts, caller, choice),

    reset: (user, method, conversation, serial) =>
      reset(parts, caller, user, { method, serial }, conversation),

    generateBackupCodes: (user, conversation) =>
      generateBackupCodes(parts, caller, user, conversation),
    backupCodeStatus: (user) => backupCodeStatus(parts, caller, user),
    revokeBackupCodes: (user, conversation) => revokeBackupCodes(parts, caller, user, conversation),

    listUsers: (query) => listUsers(parts, caller, query),
    showUser: (user) => showUser(parts, caller, user),
    disableUser: (user) => disableUser(parts, caller, user),
    enableUser: (user) => enableUser(parts, caller, user),
    unlockUser: (user) => unlockUser(parts, caller, user),
    setAlias: (user, alias) => setAlias(parts, caller, user, alias),
    setPreferredMethod: (user, method) => setPreferredMethod(parts, caller, user, method),
    setMessage: (user, message) => setMessage(parts, caller, user, message),

    listMethods: () => listMethods(parts, caller),
    purgeMethod: (method) => purgeMethod(parts, caller, method),
    setMethodSecret: (method, secret) => setMethodSecret(parts, caller, method, secret),
    checkMethod: (method) => checkMethod(parts, caller, method),

    explainPolicy: (user, origin) => explainPolicy(parts, caller, user, origin),
    standing: async (user) => standing(parts, caller, user),

    beginImport: (isTrial) => beginImport(parts, caller, isTrial),
    stageImport: (id, entries) => stageImport(parts, caller, id, entries),
    commitImport: (id, source, isPartly, progress) =>
      commitImport(parts, caller, id, source, { isPartly, progress }),
    abandonImport: (id) => abandonImport(parts, caller, id),

    listTickets: (user) => listTickets(parts, caller, user),
    revokeTickets: (user) => revokeTickets(parts, caller, user),

    listAudit: (filter, last) => listAudit(parts, caller, filter, last),
    verifyAudit: (kept, progress) => verifyAudit(parts, caller, kept, progress),
    checkpointAudit: () => checkpointAudit(parts, caller),
    auditPublicKey: () => auditPublicKey(parts, caller),
    archiveAudit: (before) => archiveAudit(parts, caller, before),
    dropArchived: (text, progress) => dropArchived(parts, caller, text, progress),
    auditReport: (query) => auditReport(parts, caller, query),
    recordSetting: async (action, detail) => {
      mayAdminister(caller);
      await parts.store.transact((tx) => record(tx, parts, caller, { action, detail }));
    },

    status: (since) => status(parts, caller, since),
    close: async () => {
      parts.stagings.closeAll();
      await parts.store.close();
      parts.sealer.close();
    },
  };
}
