/** The daemon begun as systemd begins it: with a socket that listens already. Needs python3. */
import { DAEMON } from "./daemon.ts";

/** Opens the socket as systemd does, as descriptor 3, and becomes the daemon. */
const ACTIVATE = `
import os, socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listening.bind(sys.argv[1])
listening.listen(128)
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=sys.argv[3] or str(os.getpid()))
os.execv(sys.argv[2], [sys.argv[2]])
`;

/** @param pid for whom the socket is meant, by LISTEN_PID; the daemon itself when empty */
export function activated(socket: string, pid = ""): string[] {
  return ["python3", "-c", ACTIVATE, socket, DAEMON, pid];
}
