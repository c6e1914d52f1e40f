/** A user's name at a service, from a template such as `{user}@example.org`. */

/**
 * Fills in `{user}`, `{host}` (the first label of the host's name) and `{domain}` (the rest,
 * which may be empty). The user's name is put in last and never read for further fields.
 * @param hostName as gethostname(2) has it
 */
export function nameFrom(template: string, user: string, hostName: string): string {
  const [host = "", ...domain] = hostName.split(".");
  const fields: Readonly<Record<string, string>> = { user, host, domain: domain.join(".") };
  return template.replace(/\{(user|host|domain)\}/g, (_, field: string) => fields[field] ?? "");
}
