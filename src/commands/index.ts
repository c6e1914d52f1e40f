/** Every command, by its name in the command line. */
import { AuditCheckpoint } from "./audit/checkpoint.ts";
import { AuditList } from "./audit/list.ts";
import { AuditReport } from "./audit/report.ts";
import { AuditRotate } from "./audit/rotate.ts";
import { AuditVerify } from "./audit/verify.ts";
import { BackupCodeGenerate } from "./backup-code/generate.ts";
import { BackupCodeRevoke } from "./backup-code/revoke.ts";
import { BackupCodeStatus } from "./backup-code/status.ts";
import { ConfigGet } from "./config/get.ts";
import { ConfigList } from "./config/list.ts";
import { ConfigPath } from "./config/path.ts";
import { ConfigSet } from "./config/set.ts";
import { ConfigUnset } from "./config/unset.ts";
import { Demo } from "./demo.ts";
import { Doctor } from "./doctor.ts";
import { DuoCheck } from "./duo/check.ts";
import { DuoConfigure } from "./duo/configure.ts";
import { DuoPrompt } from "./duo/prompt.ts";
import { DuoPush } from "./duo/push.ts";
import { Enroll } from "./enroll.ts";
import { Import } from "./import.ts";
import { Init } from "./init.ts";
import { InviteCreate } from "./invite/create.ts";
import { InviteList } from "./invite/list.ts";
import { InviteRevoke } from "./invite/revoke.ts";
import { Login } from "./login.ts";
import { MethodCheck } from "./method/check.ts";
import { MethodDisable } from "./method/disable.ts";
import { MethodEnable } from "./method/enable.ts";
import { MethodList } from "./method/list.ts";
import { MethodPurge } from "./method/purge.ts";
import { MethodSecret } from "./method/secret.ts";
import { PolicyExempt } from "./policy/exempt.ts";
import { PolicyExplain } from "./policy/explain.ts";
import { PolicyOff } from "./policy/off.ts";
import { PolicyOn } from "./policy/on.ts";
import { PolicyRemove } from "./policy/remove.ts";
import { PolicyRequire } from "./policy/require.ts";
import { PolicySet } from "./policy/set.ts";
import { PolicyShow } from "./policy/show.ts";
import { Reset } from "./reset.ts";
import { Resync } from "./resync.ts";
import { RoleGrant } from "./role/grant.ts";
import { RoleList } from "./role/list.ts";
import { RoleRevoke } from "./role/revoke.ts";
import { SessionList } from "./session/list.ts";
import { SessionRevoke } from "./session/revoke.ts";
import { Status } from "./status.ts";
import { TokenList } from "./token/list.ts";
import { TokenRemove } from "./token/remove.ts";
import { UserAlias } from "./user/alias.ts";
import { UserDisable } from "./user/disable.ts";
import { UserEnable } from "./user/enable.ts";
import { UserList } from "./user/list.ts";
import { UserMessage } from "./user/message.ts";
import { UserPrefer } from "./user/prefer.ts";
import { UserShow } from "./user/show.ts";
import { UserUnlock } from "./user/unlock.ts";
import { Verify } from "./verify.ts";
import { YubikeyCheck } from "./yubikey/check.ts";
import { YubikeyConfigure } from "./yubikey/configure.ts";

export const COMMANDS = {
  init: Init,
  enroll: Enroll,
  import: Import,
  verify: Verify,
  login: Login,
  reset: Reset,
  resync: Resync,
  "backup-code:generate": BackupCodeGenerate,
  "backup-code:status": BackupCodeStatus,
  "backup-code:revoke": BackupCodeRevoke,
  "user:list": UserList,
  "user:show": UserShow,
  "user:disable": UserDisable,
  "user:enable": UserEnable,
  "user:unlock": UserUnlock,
  "user:alias": UserAlias,
  "user:prefer": UserPrefer,
  "user:message": UserMessage,
  "token:list": TokenList,
  "token:remove": TokenRemove,
  "duo:configure": DuoConfigure,
  "duo:check": DuoCheck,
  "duo:push": DuoPush,
  "duo:prompt": DuoPrompt,
  "yubikey:configure": YubikeyConfigure,
  "yubikey:check": YubikeyCheck,
  "method:list": MethodList,
  "method:enable": MethodEnable,
  "method:disable": MethodDisable,
  "method:purge": MethodPurge,
  "method:secret": MethodSecret,
  "method:check": MethodCheck,
  "policy:show": PolicyShow,
  "policy:require": PolicyRequire,
  "policy:exempt": PolicyExempt,
  "policy:remove": PolicyRemove,
  "policy:set": PolicySet,
  "policy:explain": PolicyExplain,
  "policy:on": PolicyOn,
  "policy:off": PolicyOff,
  "role:list": RoleList,
  "role:grant": RoleGrant,
  "role:revoke": RoleRevoke,
  "session:list": SessionList,
  "session:revoke": SessionRevoke,
  "invite:create": InviteCreate,
  "invite:list": InviteList,
  "invite:revoke": InviteRevoke,
  "audit:list": AuditList,
  "audit:report": AuditReport,
  "audit:verify": AuditVerify,
  "audit:checkpoint": AuditCheckpoint,
  "audit:rotate": AuditRotate,
  "config:list": ConfigList,
  "config:get": ConfigGet,
  "config:set": ConfigSet,
  "config:unset": ConfigUnset,
  "config:path": ConfigPath,
  status: Status,
  doctor: Doctor,
  demo: Demo,
};
