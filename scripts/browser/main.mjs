// Drives the connect page in Chromium: main.mjs FOLDER [PICTURES]
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { HOST, Servers } from './servers.mjs';

const require = createRequire(join(process.env.BROWSER_NODE_MODULES, '_'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [folder, pictures] = process.argv.slice(2);
const servers = await Servers.start(folder);
let failures = 0;

// Chromium takes authorities from the database of its user.
function trust(home, ...authorities) {
  const database = join(home, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const certutil = (...arguments_) => execFileSync('certutil', ['-d', `sql:${database}`, ...arguments_]);
  certutil('-N', '--empty-password');
  authorities.forEach((file, number) => certutil('-A', '-t', 'C,,', '-n', `test ${number}`, '-i', file));
}

const home = join(folder, 'home');
trust(home, servers.authority, servers.ca);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
  env: { ...process.env, HOME: home },
  args: [
    '--no-sandbox',
    `--host-resolver-rules=MAP ${HOST}:443 ${servers.address}, MAP auth.openai.com:443 ${servers.openai}`,
  ],
});

// A person with a browser of their own.
async function visitor(options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 720, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4|status of 503/.test(message.text())) fail(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => fail(`script: ${error}`));
  return page;
}

function fail(why) {
  failures += 1;
  console.error(`FAILED: ${why}`);
}

function check(what, is) {
  if (!is) fail(what);
}

async function expectTitle(page, title) {
  await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor({ timeout: 15_000 });
}

// Looks at a state, light and dark, wide and narrow, and takes its pictures.
async function look(page, name) {
  const viewport = page.viewportSize();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate('axe.run()');
    for (const { id, nodes } of violations) fail(`${name}, ${colorScheme}: ${id}: ${nodes.map((node) => node.html)}`);
    await page.setViewportSize({ width: 320, height: viewport.height });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    check(`${name}: ${width} pixels wide at 320`, width <= 320);
    await page.setViewportSize(viewport);
    if (pictures) await page.screenshot({ path: join(pictures, `connect-${name}-${colorScheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

const code = (page) => page.locator('.code').innerText();
const press = (page, name) => page.getByRole('button', { name }).click();

// Enters the code on OpenAI's page, which opens in a tab of its own.
async function approve(page) {
  const typed = await code(page);
  const [openai] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: 'OpenAI’s page' }).click()]);
  check(`OpenAI's page is ${openai.url()}`, openai.url() === 'https://auth.openai.com/codex/device');
  await openai.close();
  await servers.order('approve', { user_code: typed });
}

const cases = {
  async 'a person signs in, and the page follows by itself'() {
    const link = servers.link('ada');
    const page = await visitor();
    await page.goto(link);
    await expectTitle(page, 'Sign in with your ChatGPT account');
    await look(page, 'asks');
    await press(page, 'Continue');
    await expectTitle(page, 'Enter this code at OpenAI');
    await look(page, 'code');
    check('no code in the address', page.url() === link);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await press(page, 'Copy');
    await page.getByText('Copied').waitFor();
    check('the code is copied', (await page.evaluate('navigator.clipboard.readText()')) === (await code(page)));
    await page.getByText('Use your phone instead').click();
    await look(page, 'code-phone');

    const second = await visitor();
    await second.goto(link);
    await expectTitle(second, 'This link is open in another browser');
    await look(second, 'foreign');

    await approve(page);
    await expectTitle(page, 'You are signed in');
    await look(page, 'account');
    await second.reload();
    await expectTitle(second, 'This link was used');
    await look(second, 'used');

    // Another site leads here again: the browser leaves the cookie out at first.
    await page.goto(`data:text/html,<a href="${link}">link</a>`);
    await page.getByRole('link').click();
    await expectTitle(page, 'You are signed in');
    await press(page, 'This is not my account');
    await expectTitle(page, 'Enter this code at OpenAI');
    await approve(page);
    await expectTitle(page, 'You are signed in');
    await press(page, 'Disconnect');
    await expectTitle(page, 'Disconnected');
    await look(page, 'disconnected');
  },

  async 'without scripts, by the buttons'() {
    const page = await visitor({ javaScriptEnabled: false });
    await page.goto(servers.link('bob'));
    await press(page, 'Continue');
    await expectTitle(page, 'Enter this code at OpenAI');
    check('no button to copy', !(await page.getByRole('button', { name: 'Copy' }).isVisible()));
    await press(page, 'I have entered the code');
    await expectTitle(page, 'Enter this code at OpenAI');
    await servers.order('approve', { user_code: await code(page) });
    await page.waitForTimeout(1500);
    await press(page, 'I have entered the code');
    await expectTitle(page, 'You are signed in');
  },

  async 'by the keyboard alone'() {
    const page = await visitor();
    const go = async (name) => {
      for (let steps = 0; steps < 20; steps += 1) {
        await page.keyboard.press('Tab');
        const focused = page.locator(':focus');
        if ((await focused.count()) && (await focused.innerText()).includes(name)) return page.keyboard.press('Enter');
      }
      throw new Error(`the keyboard does not reach ${name}`);
    };
    await page.goto(servers.link('carol'));
    await go('Continue');
    await expectTitle(page, 'Enter this code at OpenAI');
    await servers.order('approve', { user_code: await code(page) });
    await page.waitForTimeout(1500);
    await go('I have entered the code').catch(() => {});
    await expectTitle(page, 'You are signed in');
    await go('Disconnect');
    await expectTitle(page, 'Disconnected');
  },

  async 'endings say what happened'() {
    const page = await visitor();
    await page.goto(servers.link('dave'));
    await press(page, 'Continue');
    await expectTitle(page, 'Enter this code at OpenAI');
    await servers.order('deny', { user_code: await code(page) });
    await expectTitle(page, 'You declined');
    await look(page, 'denied');
    await press(page, 'Get a new code');
    await expectTitle(page, 'Enter this code at OpenAI');
    await servers.order('expire', { user_code: await code(page) });
    await expectTitle(page, 'The code has expired');
    await look(page, 'expired');

    const offline = await visitor();
    await offline.goto(servers.link('erin'));
    await servers.order('fault', { endpoint: 'user_code', fault: { status: 500 } });
    await press(offline, 'Continue');
    await expectTitle(offline, 'That did not work');
    await look(offline, 'failed');

    const lost = await visitor();
    await lost.goto(`https://${HOST}/connect/0123456789012345678901`);
    await expectTitle(lost, 'This link is not valid');
    await look(lost, 'unknown');
  },

  async 'in German'() {
    const page = await visitor({ locale: 'de-DE' });
    await page.goto(servers.link('frank'));
    await expectTitle(page, 'Mit Ihrem ChatGPT-Konto anmelden');
    await press(page, 'Weiter');
    await expectTitle(page, 'Geben Sie diesen Code bei OpenAI ein');
    await look(page, 'code-german');
  },
};

try {
  if (pictures) mkdirSync(pictures, { recursive: true });
  for (const [name, run] of Object.entries(cases)) {
    const before = failures;
    await run().catch((error) => fail(`${name}: ${error.message}`));
    console.log(`${name}: ${failures === before ? 'passed' : 'FAILED'}`);
  }
} finally {
  await browser.close();
  servers.end();
}
process.exitCode = failures ? 1 : 0;
