/**
 * Renders the pages of help that main.ts prints: loading oclif for them would take three
 * times as long as all the rest. Run by build.js: node render-help.js ROOT
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Config } from "@oclif/core";

const [root] = process.argv.slice(2);
const { allPages } = await import(pathToFileURL(`${root}/dist/commands/help.js`).href);
// Plugins of whoever builds, in their home, are none of ours.
const pages = allPages(await Config.load({ root, userPlugins: false, devPlugins: false }));

mkdirSync(`${root}/dist/help`, { recursive: true });
for (const [name, text] of pages) writeFileSync(`${root}/dist/help/${name}.txt`, text);
