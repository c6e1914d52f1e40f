/** Standard input: a program or a file gives the answers, whether or not they are asked for. */
import { conversationContract } from "./contract.ts";
import { playPiped } from "./piped.ts";

conversationContract({
  name: "standard input",
  needs: {},
  lacks: {
    "listens for the browser": "its answers come by standard input alone",
    "shows questions": "who gives answers without being asked sees no question",
    "cancels a question":
      "there is no key for it: a signal ends the process, and with it the question",
    "limits a question": "the program at the other end decides how long it takes",
    "takes control characters as keys": "there are no keys",
  },
  longestQuestion: 0,
  play: playPiped("stdin"),
});
