/**
 * The pages a browser sees where Duo sends it back to: no script, one style that the policy
 * names by its hash, and nothing in them from outside, so that nothing has to be escaped.
 */
import { createHash } from "node:crypto";

/**
 * Contrast is at least 7:1 for text in both schemes (WCAG 2.2, 1.4.6). No green: the answer
 * may have been a denial.
 */
const STYLE = `
:root { color-scheme: light dark; --ground: #f5f5f2; --card: #ffffff; --text: #1c1e21;
  --quiet: #4a4e54; --line: #d5d6d2; --mark: #1b4f8a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --card: #1d2125; --text: #eceef0; --quiet: #b4bac1;
    --line: #383e45; --mark: #8ab8f0; }
  :root[data-tone=refused] { --mark: #f0b08a; }
}
@media (prefers-color-scheme: light) { :root[data-tone=refused] { --mark: #8a3a10; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; place-content: center; padding: 1rem;
  grid-template-columns: minmax(0, 32rem); background: var(--ground); color: var(--text);
  font: 1.0625rem/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { font: 600 0.9375rem/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas,
  "DejaVu Sans Mono", monospace; color: var(--quiet); padding: 0 0 0.75rem; }
main { background: var(--card); border: 1px solid var(--line);
  border-top: 4px solid var(--mark); border-radius: 6px;
  padding: clamp(1.25rem, 5vw, 2.25rem); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; color: var(--mark); }
p { margin-top: 0.875rem; }
p + p { color: var(--quiet); }
`;

/** For every reply: what a browser may do with it. Frames could have its buttons clicked unseen. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
};

/** "Received", and not "success": whether it is one only the exchange with Duo tells. */
export const RECEIVED_PAGE = page("received", "Received", [
  "Your answer has reached countersign.",
  "Go back to the terminal: it says whether you are let in. You can close this page.",
]);

/** For an address of another attempt, an old one, or one that somebody made up. */
export const REFUSED_PAGE = page("refused", "Not for this login", [
  "This address does not belong to the login that is waiting, so nothing was done with it.",
  "Open the address that the terminal shows now. If you did not start a login, close this page.",
]);

export const NOTHING_PAGE = page("refused", "Nothing here", [
  "countersign waits at this port for an answer from Duo, and has no other pages.",
]);

function page(
  tone: "received" | "refused",
  heading: string,
  paragraphs: readonly string[],
): string {
  return `<!doctype html>
<html lang="en" data-tone="${tone}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading} - countersign</title>
<style>${STYLE}</style>
</head>
<body>
<header>countersign</header>
<main>
<h1>${heading}</h1>
${paragraphs.map((text) => `<p>${text}</p>`).join("\n")}
</main>
</body>
</html>
`;
}
