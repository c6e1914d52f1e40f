/** What the commands about one method take. */
import { Args } from "@oclif/core";
import { METHOD_NAMES } from "../../core/method-name.ts";

export const requiredMethod = Args.string({
  ignoreStdin: true,
  required: true,
  options: [...METHOD_NAMES],
  description: "its name, as method list shows it",
});
