// What a case does with people's browsers, and the failures that it sees.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.BROWSER_NODE_MODULES, '_'));
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// Answers that the page shows: Chromium writes a line about each.
const EXPECTED = /status of (400|403|404|409|410|429|503)/;

// How long something may take, in milliseconds.
export const PATIENCE = 60_000;

export class Stage {
  failures = 0;
  #contexts = [];
  #browser;
  #pictures;

  constructor(browser, servers, pictures) {
    this.#browser = browser;
    this.servers = servers;
    this.#pictures = pictures;
  }

  // A person with a browser of their own.
  async visitor(options = {}) {
    const viewport = { width: 720, height: 900 };
    const context = await this.#browser.newContext({ locale: 'en-GB', viewport, ...options });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.fail(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.fail(`script: ${error}`));
    return page;
  }

  // A person who has continued with a new link of the profile.
  async withCode(profile, options = {}) {
    const page = await this.visitor(options);
    await page.goto(this.servers.link(profile));
    await this.press(page, 'Continue');
    await this.expectTitle(page, 'Enter this code at OpenAI');
    return page;
  }

  async expectTitle(page, title) {
    await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor({ timeout: PATIENCE });
  }

  // The title of the page, as soon as it is one of these.
  async oneTitle(page, ...titles) {
    const heading = page.getByRole('heading', { level: 1, name: new RegExp(`^(${titles.join('|')})$`) });
    await heading.waitFor({ timeout: PATIENCE });
    return heading.innerText();
  }

  // Looks at a state, light and dark, wide and narrow, and takes its pictures.
  async look(page, name) {
    const viewport = page.viewportSize();
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.evaluate(axe);
      const { violations } = await page.evaluate('axe.run()');
      for (const { id, nodes } of violations) {
        this.fail(`${name}, ${colorScheme}: ${id}: ${nodes.map((node) => node.html)}`);
      }
      await page.setViewportSize({ width: 320, height: viewport.height });
      const width = await page.evaluate('document.documentElement.scrollWidth');
      this.check(`${name}: ${width} pixels wide at 320`, width <= 320);
      await page.setViewportSize(viewport);
      if (this.#pictures) {
        const path = join(this.#pictures, `${name}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      }
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  }

  press(page, name) {
    return page.getByRole('button', { name, exact: true }).click();
  }

  // Presses until the page has this title. A question that comes too early is not asked, and the
  // page shows the code again.
  async pressUntil(page, name, title) {
    const heading = page.getByRole('heading', { level: 1, name: title, exact: true });
    for (let pressed = 0; pressed < 5 && !(await heading.isVisible()); pressed++) {
      await Promise.all([page.waitForEvent('load', { timeout: PATIENCE }), this.press(page, name)]);
      await heading.waitFor({ timeout: 3_000 }).catch(() => {});
    }
    await this.expectTitle(page, title);
  }

  code(page) {
    return page.locator('.code').innerText();
  }

  // The decision of the person about the code on the page: approve, deny or expire.
  async decide(page, decision) {
    await this.servers.order(decision, { user_code: await this.code(page) });
  }

  check(what, is) {
    if (!is) this.fail(what);
  }

  fail(why) {
    this.failures += 1;
    console.error(`FAILED: ${why}`);
  }

  async end() {
    for (const context of this.#contexts) await context.close();
  }
}
