import { withThrowAway } from "../client/throw-away.ts";
import { CountersignCommand } from "./base.ts";
import { playDemo } from "./demo-play.ts";

export class Demo extends CountersignCommand {
  static override summary = "See all of it work, in a throw-away store.";

  static override description =
    `A real enrollment, an accepted code, its refused replay, a backup code and a throttle,
on a real store in a temporary directory that is removed at the end; nothing else is
touched. At a terminal you are the phone: scan the code and type what the app shows, or press Enter and let the
program play the phone. In a pipe it plays it all.`;

  static override examples = [{ description: "See it work", command: "<%= config.bin %> demo" }];

  override async run(): Promise<void> {
    await this.parse(Demo);
    await withThrowAway(playDemo);
  }
}
