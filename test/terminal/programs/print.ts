/** Prints a QR code, then waits to be killed: `print.ts STYLE COLOUR TEXT`. */
import { drawQr, type QrStyle, qrMatrix } from "../../../src/terminal/qr.ts";

const [style, colour, text = ""] = process.argv.slice(2);
const lines = drawQr(qrMatrix(text), style as QrStyle, colour === "colour");
// tmux leaves blanks off the end of a captured line, coloured or not: a mark keeps them.
process.stdout.write(`${lines.map((line) => `${line} |\n`).join("")}printed`);
setInterval(() => undefined, 60_000);
