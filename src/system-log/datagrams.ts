/**
 * Datagrams to a Unix socket, which Node does not offer: sent at once or not at all, for no
 * login is to wait for whoever reads them.
 */
import { createRequire } from "node:module";

// socket(7) and unix(7), as on every architecture of Linux that Node is built for.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

type Koffi = typeof import("koffi");
type Native = Pick<Koffi, "load">;

/** True where it was taken. */
export type Send = (path: string, datagram: Uint8Array) => boolean;

/** Opens one socket for all that is sent; it ends with the process. */
export function datagramSender(): Send {
  const libc = loadNative().load("libc.so.6");
  const socket = libc.func("int socket(int, int, int)");
  const sendto = libc.func(
    "long sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)",
  );
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return (path, datagram) => {
    if (fd < 0) return false;
    const address = unixAddress(path);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = sendto(fd, datagram, datagram.length, flags, address, address.length);
    return Number(sent) === datagram.length;
  };
}

/** struct sockaddr_un: the name ends with it. */
function unixAddress(path: string): Buffer {
  return Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), Buffer.from(path)]);
}

/**
 * The package's own loader costs a login half of what starting Node does, and sets up Node's
 * standard error, which leaves whoever becomes another program a pipe there that does not
 * block. So what it loads in the end is loaded here, where it lies where that release has it.
 */
function loadNative(): Native {
  const require = createRequire(import.meta.url);
  const { arch } = process;
  try {
    const addon: { exports: Partial<Native> } = { exports: {} };
    process.dlopen(addon, require.resolve(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`));
    const { load } = addon.exports;
    if (load) return { load };
  } catch {
    // Another C library, or another release.
  }
  return require("koffi");
}
