/** Stores the secret of a method, read from standard input: `method-secret.ts METHOD`. */
import { text } from "node:stream/consumers";
import { withCountersign } from "../../../src/client/connect.ts";

const [method = ""] = process.argv.slice(2);
const secret = await text(process.stdin);
await withCountersign({}, ({ service }) => service.setMethodSecret(method, secret));
