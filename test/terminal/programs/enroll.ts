/** Shows an enrollment card on a screen of its own and asks below it, as `enroll` does. */
import { groupsOfFour } from "../../../src/core/base32.ts";
import { enrollmentCard } from "../../../src/terminal/enrollment-card.ts";
import { terminalConversation } from "../../../src/terminal/prompt.ts";
import { openScreen, STAYS_VISIBLE } from "../../../src/terminal/screen.ts";
import { CONTENT } from "../content.ts";

const screen = openScreen(process.env);
try {
  const card = enrollmentCard(CONTENT, "auto", process.env, screen);
  // tmux leaves blanks off the end of a captured line, coloured or not: a mark keeps them.
  screen.show(process.argv[2] === "marks" ? card.map((line) => `${line} |`) : card);
  if (process.argv[2] === "throw") throw new Error("thrown on purpose");
  const reply = await terminalConversation().promptSecret("Verification code: ");
  process.exitCode = reply.kind === "text" ? 0 : 1;
} finally {
  screen.close();
}
if (!screen.wipes) process.stdout.write(`${STAYS_VISIBLE}\n`);
process.stdout.write(`ended, and ${groupsOfFour(CONTENT.secret).length} characters are gone\n`);
