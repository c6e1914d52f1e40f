/** The streams of a login without a terminal, which belong to what runs behind it. */
import { conversationContract } from "./contract.ts";
import { playPiped } from "./piped.ts";

conversationContract({
  name: "streams of a login",
  needs: {},
  lacks: {
    "listens for the browser": "its answers come by standard input alone",
    "shows questions": "who sends the code unasked sees none; others see it after a while",
    "cancels a question":
      "there is no key for it: a signal ends the process, and with it the question",
    "takes any text": "what is no code is a program's own first bytes, and ends it",
    "takes control characters as keys": "there are no keys",
  },
  longestQuestion: 0,
  play: playPiped("stream"),
});
