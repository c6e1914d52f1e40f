/**
 * The flags of `verify`, as plain data: oclif reads them for help and completion, and the
 * command itself without oclif, which would cost every login its loading.
 */
export const VERIFY_FLAGS = {
  service: { type: "string", value: "NAME", description: "service that asks, for the audit log" },
  rhost: {
    type: "string",
    value: "HOST",
    description: "host the user comes from, for the audit log",
  },
  "code-stdin": { type: "boolean", description: "read the code from standard input" },
  json: { type: "boolean", description: "print one JSON document, for programs" },
  pam: {
    type: "boolean",
    description: "for pam_exec(8): user and origin from PAM_USER and so on, code from stdin",
  },
} as const;
