/** Writes a QR code to a file: `save.ts FILE TEXT`. */
import { writeQrFile } from "../../../src/terminal/qr-file.ts";

const [file = "", text = ""] = process.argv.slice(2);
await writeQrFile(file, text);
