/** Tells systemd how it goes: sd_notify(3), a datagram to the socket that NOTIFY_SOCKET names. */
import koffi from "koffi";

// socket(7) and unix(7), as on every architecture of Linux that Node is built for.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;

/** Does nothing where no one listens, and fails quietly: a log line would help nobody. */
export function notify(state: "READY=1" | "STOPPING=1"): void {
  const path = process.env.NOTIFY_SOCKET;
  if (!path || !/^[/@]/.test(path)) return;
  const libc = koffi.load("libc.so.6");
  const socket = libc.func("int socket(int, int, int)");
  const sendto = libc.func(
    "long sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)",
  );
  const close = libc.func("int close(int)");
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const message = Buffer.from(state);
  const address = unixAddress(path);
  sendto(fd, message, message.length, 0, address, address.length);
  close(fd);
}

/** struct sockaddr_un; a leading @ stands for the NUL of an abstract name. */
function unixAddress(path: string): Buffer {
  const family = Buffer.from(new Uint16Array([AF_UNIX]).buffer);
  return Buffer.concat([family, Buffer.from(path.replace(/^@/, "\0"))]);
}
