// Debian's Chromium, which trusts the authorities of the test and finds its servers.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { HOST } from './servers.mjs';

const require = createRequire(join(process.env.BROWSER_NODE_MODULES, '_'));
const { chromium } = require('playwright-core');

export function launch(folder, servers) {
  const home = join(folder, 'home');
  trust(home, servers.authority, servers.ca);
  return chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    env: { ...process.env, HOME: home },
    args: [
      '--no-sandbox',
      `--host-resolver-rules=MAP ${HOST}:443 ${servers.address}, MAP auth.openai.com:443 ${servers.openai}`,
    ],
  });
}

// Chromium takes authorities from the database of its user.
function trust(home, ...authorities) {
  const database = join(home, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const certutil = (...arguments_) => execFileSync('certutil', ['-d', `sql:${database}`, ...arguments_]);
  certutil('-N', '--empty-password');
  authorities.forEach((file, number) => certutil('-A', '-t', 'C,,', '-n', `test ${number}`, '-i', file));
}
