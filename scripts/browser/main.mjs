// Drives the connect page in Chromium: main.mjs FOLDER [PICTURES]
import { mkdirSync } from 'node:fs';

import { cases } from './cases.mjs';
import { launch } from './chromium.mjs';
import { Servers } from './servers.mjs';
import { Stage } from './stage.mjs';

const [folder, pictures] = process.argv.slice(2);
if (pictures) mkdirSync(pictures, { recursive: true });

const servers = new Servers(folder);
let browser;
let failures = 0;
try {
  await servers.begin();
  browser = await launch(folder, servers);
  for (const [name, run] of Object.entries(cases)) {
    const stage = new Stage(browser, servers, pictures);
    await servers.order('faults', undefined, 'DELETE');
    await run(stage).catch((error) => stage.fail(error.message));
    await stage.end();
    console.log(`${name}: ${stage.failures ? 'FAILED' : 'passed'}`);
    failures += stage.failures;
  }
} finally {
  await browser?.close();
  servers.end();
}
process.exitCode = failures ? 1 : 0;
