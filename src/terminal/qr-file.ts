/** The QR symbol as a picture in a file. The file holds the secret, so it is its owner's alone. */
/// <reference path="./pngjs.d.ts" />
import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { extname } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";
import { type QrMatrix, qrMatrix, withQuietZone } from "./qr.ts";

/** Pixels a module. */
const SCALE = 8;
/** ISO/IEC 18004 9.1: a picture may be printed, and has room for all four modules. */
const QUIET_ZONE = 4;

/**
 * Writes the symbol of `text` to a new file, .png or .svg by its name, mode 0600.
 * @throws Fault `usage` for another name, `file-exists`, or `file-unwritable` when it cannot
 *   be written; nothing is left behind then
 */
export async function writeQrFile(path: string, text: string): Promise<void> {
  const render = rendererOf(path);
  writeNew(path, await render(withQuietZone(qrMatrix(text), QUIET_ZONE)));
}

/**
 * Refuses what `writeQrFile` would refuse for its name: to be asked before a secret is made.
 * @throws Fault `usage`
 */
export function checkQrFileName(path: string): void {
  rendererOf(path);
}

type Renderer = (modules: QrMatrix) => Promise<Buffer> | Buffer;

function rendererOf(path: string): Renderer {
  const extension = extname(path).toLowerCase();
  if (extension === ".png") return png;
  if (extension === ".svg") return svg;
  throw new Fault("usage", "a QR file is a .png or a .svg", {
    hint: "name it, for example, key.png",
  });
}

async function png(modules: QrMatrix): Promise<Buffer> {
  const { PNG } = await import("pngjs");
  const side = modules.length * SCALE;
  const image = new PNG({ width: side, height: side });
  for (let pixel = 0; pixel < side * side; pixel++) {
    const row = Math.floor(pixel / side / SCALE);
    const column = Math.floor((pixel % side) / SCALE);
    image.data.fill(modules[row]?.[column] ? 0 : 255, 4 * pixel, 4 * pixel + 3);
    image.data[4 * pixel + 3] = 255;
  }
  return PNG.sync.write(image, { colorType: 0 });
}

function svg(modules: QrMatrix): Buffer {
  const side = modules.length;
  const squares = modules.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side * SCALE}" height="${side * SCALE}" ` +
      `viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
      `<rect width="${side}" height="${side}" fill="#fff"/>` +
      `<path d="${squares.join("")}" fill="#000"/></svg>\n`,
  );
}

function writeNew(path: string, bytes: Buffer): void {
  const fd = create(path);
  let isWhole = false;
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    // A full disk may show only when the bytes reach it.
    fsyncSync(fd);
    isWhole = true;
  } catch (cause) {
    throw unwritable(cause);
  } finally {
    closeSync(fd);
    if (!isWhole) unlinkSync(path);
  }
}

/** Never through a link and never over a file: another user may have planted either. */
function create(path: string): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno !== "EEXIST" && errno !== "ELOOP") throw unwritable(cause);
    throw new Fault("file-exists", "the QR file is there already", {
      hint: "name another, or remove it first",
      cause,
    });
  }
}

function unwritable(cause: unknown): Fault {
  const errno = errnoOf(cause);
  const why = errno === undefined ? "" : ` (${errno})`;
  return new Fault("file-unwritable", `the QR file cannot be written${why}`, {
    hint: "name a place that you may write to and that has room",
    cause,
  });
}
