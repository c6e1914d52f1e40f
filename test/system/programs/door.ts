/** Standard input and output as a connection to a port of 127.0.0.1: `door.ts PORT`. */
import { connect } from "node:net";

const socket = connect(Number(process.argv[2]), "127.0.0.1");
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("close", () => process.exit());
