/** Keeps what comes on standard input as the secret of duo-push, as `duo configure` does. */
import { text } from "node:stream/consumers";
import { withCountersign } from "../../../src/client/connect.ts";

const secret = await text(process.stdin);
await withCountersign({}, ({ service }) => service.setMethodSecret("duo-push", secret));
