/** Prints a QR code, then waits to be killed: `print.ts STYLE COLOUR TEXT`. */
import { drawQr, qrMatrix, type QrStyle } from "../../../src/terminal/qr.ts";

const [style, colour, text = ""] = process.argv.slice(2);
const lines = drawQr(qrMatrix(text), style as QrStyle, colour === "colour");
process.stdout.write(`${lines.join("\n")}\nprinted`);
setInterval(() => undefined, 60_000);
