/** The stand-in's prompt, for a browser: approve, deny, or report, by real buttons. */

/** Where the buttons lead. */
export const ANSWER_PATH = "/frame/answer";

/** @param user and @param ticket hold nothing that HTML minds: the caller has seen to it */
export function promptPage(user: string, ticket: string): string {
  const button = (value: string, text: string): string =>
    `<button id="${value}" name="answer" value="${value}">${text}</button>`;
  return `<!doctype html>
<html lang="en">
<title>Stand-in for Duo</title>
<h1>Is it you, ${user}?</h1>
<form method="post" action="${ANSWER_PATH}">
<input type="hidden" name="ticket" value="${ticket}">
${button("approve", "Approve")} ${button("deny", "Deny")} ${button("leave", "Leave with an error")}
</form>
</html>
`;
}
