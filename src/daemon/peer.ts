/** Who is at the other end of a Unix socket, by the kernel's word: SO_PEERCRED, unix(7). */
import type { Socket } from "node:net";
import { endianness } from "node:os";
import koffi from "koffi";
import { Fault } from "../core/fault.ts";

export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

// asm-generic/socket.h, as on every architecture that Node is built for.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;

const libc = koffi.load("libc.so.6");
const getsockopt = libc.func("int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)");

/** @throws Fault `internal` when the kernel does not say: then nobody is served */
export function peerOf(socket: Socket): Peer {
  const credentials = Buffer.alloc(UCRED_BYTES);
  const length = [UCRED_BYTES];
  const failed = getsockopt(descriptorOf(socket), SOL_SOCKET, SO_PEERCRED, credentials, length);
  if (failed !== 0 || length[0] !== UCRED_BYTES) {
    throw new Fault("internal", "the kernel does not say who called");
  }
  const view = new DataView(credentials.buffer, credentials.byteOffset, UCRED_BYTES);
  const little = endianness() === "LE";
  const [pid, uid, gid] = [0, 4, 8].map((offset) => view.getUint32(offset, little));
  return { pid: pid ?? 0, uid: uid ?? 0xffffffff, gid: gid ?? 0xffffffff };
}

/** Node tells a descriptor nowhere else; a release that moves it is refused here, loudly. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : -1;
  if (typeof fd === "number" && fd >= 0) return fd;
  throw new Fault("internal", "this Node does not tell the descriptor of a socket");
}
