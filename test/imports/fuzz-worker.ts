/** One format's fuzzing, beside that of the others. */
import { parentPort, workerData } from "node:worker_threads";
import { fuzz } from "../campaigns/fuzz-run.ts";

const { name, seconds, seed } = workerData;
const found = await fuzz({ after: () => undefined }, { seconds, seed, only: name });
const { tries, problems } = found.get(name) ?? { tries: 0, problems: new Map() };
parentPort?.postMessage({ tries, problems: [...problems] });
