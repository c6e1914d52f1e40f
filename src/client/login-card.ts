/** What is shown of a new authenticator in a login, drawn as a terminal would be drawn on. */
import type { EngineParts } from "../engine/parts.ts";
import type { Settings } from "../settings/schema.ts";

const drawing = () => import("../terminal/login-card.ts");

/** By the settings; where they leave it open, by what can be shown. */
export function loginCardOf({ qr }: Settings): EngineParts["loginCard"] {
  return async (content, charset) => {
    const { loginCard } = await drawing();
    return loginCard(content, qr === "auto" ? charset : qr);
  };
}

/**
 * Loads what draws, before this process acts as somebody who may not read the program.
 * @param settings loads nothing where nobody is set up in a login by them; absent: loads it
 */
export async function loadLoginCard(settings?: Settings): Promise<void> {
  if (settings === undefined || setsUpAtLogin(settings)) await drawing();
}

/** True where the policy sets up in a login who has nothing enrolled. */
export function setsUpAtLogin({ policy: { unenrolled, rules } }: Settings): boolean {
  return [{ unenrolled }, ...rules].some(
    (each) => each.unenrolled === "enroll" || each.unenrolled === "invite",
  );
}
