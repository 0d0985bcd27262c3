// What people do with links, and every state of the page.
import { HOST } from './servers.mjs';
import { PATIENCE } from './stage.mjs';

// Enters the code on OpenAI's page, which opens in a tab of its own.
async function approve(stage, page) {
  const link = page.getByRole('link', { name: 'OpenAI’s page' });
  const [openai] = await Promise.all([page.waitForEvent('popup'), link.click()]);
  stage.check(`OpenAI's page is ${openai.url()}`, openai.url() === 'https://auth.openai.com/codex/device');
  await openai.close();
  await stage.decide(page, 'approve');
}

// Goes to a button by the tabulator, and presses it.
async function reach(page, name) {
  for (let steps = 0; steps < 20; steps += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    if ((await focused.count()) && (await focused.innerText()).includes(name)) return page.keyboard.press('Enter');
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

export const cases = {
  async 'a person signs in, and the page follows by itself'(stage) {
    const link = stage.servers.link('ada');
    const page = await stage.visitor();
    await page.goto(link);
    await stage.expectTitle(page, 'Sign in with your ChatGPT account');
    await stage.look(page, 'asks');
    await stage.press(page, 'Continue');
    await stage.expectTitle(page, 'Enter this code at OpenAI');
    await stage.look(page, 'code');
    stage.check('no code in the address', page.url() === link);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await stage.press(page, 'Copy');
    await page.getByText('Copied').waitFor();
    const copied = await page.evaluate('navigator.clipboard.readText()');
    stage.check('the code is copied', copied === (await stage.code(page)));
    await page.getByText('Use your phone instead').click();
    await stage.look(page, 'phone');

    const second = await stage.visitor();
    await second.goto(link);
    await stage.expectTitle(second, 'This link is open in another browser');
    await stage.look(second, 'foreign');

    await approve(stage, page);
    await stage.expectTitle(page, 'You are signed in');
    await stage.look(page, 'account');
    await second.reload();
    await stage.expectTitle(second, 'This link was used');
    await stage.look(second, 'used');

    // Another site leads here again: the browser leaves the cookie out at first.
    await page.goto(`data:text/html,<a href="${link}">link</a>`);
    await page.getByRole('link').click();
    await stage.expectTitle(page, 'You are signed in');
    await stage.press(page, 'This is not my account');
    await stage.expectTitle(page, 'Enter this code at OpenAI');
    await approve(stage, page);
    await stage.expectTitle(page, 'You are signed in');
    await stage.press(page, 'Disconnect');
    await stage.expectTitle(page, 'Disconnected');
    await stage.look(page, 'disconnected');
  },

  async 'without scripts, by the buttons'(stage) {
    const page = await stage.withCode('bob', { javaScriptEnabled: false });
    stage.check('no button to copy', !(await page.getByRole('button', { name: 'Copy' }).isVisible()));
    await stage.press(page, 'I have entered the code');
    await stage.expectTitle(page, 'Enter this code at OpenAI');
    await stage.decide(page, 'approve');
    await page.waitForTimeout(1500);
    await stage.press(page, 'I have entered the code');
    await stage.expectTitle(page, 'You are signed in');
  },

  async 'by the keyboard alone'(stage) {
    // Without scripts, so that only the button can have asked.
    const page = await stage.visitor({ javaScriptEnabled: false });
    await page.goto(stage.servers.link('carol'));
    await reach(page, 'Continue');
    await stage.expectTitle(page, 'Enter this code at OpenAI');
    await stage.decide(page, 'approve');
    await reach(page, 'I have entered the code');
    await stage.expectTitle(page, 'You are signed in');
    await reach(page, 'Disconnect');
    await stage.expectTitle(page, 'Disconnected');
  },

  async 'the end of a code says what happened'(stage) {
    const page = await stage.withCode('dave');
    await stage.decide(page, 'deny');
    await stage.expectTitle(page, 'You declined');
    await stage.look(page, 'denied');
    await stage.press(page, 'Get a new code');
    await stage.expectTitle(page, 'Enter this code at OpenAI');
    await stage.decide(page, 'expire');
    await stage.expectTitle(page, 'The code has expired');
    await stage.look(page, 'expired-code');

    const refused = await stage.withCode('erin');
    const fault = { status: 400, json: { error: 'access_denied' } };
    await stage.servers.order('fault', { endpoint: 'token', fault });
    await stage.decide(refused, 'approve');
    await stage.expectTitle(refused, 'The sign-in failed');
    await stage.look(refused, 'exchange-failed');

    const replaced = await stage.withCode('frank');
    const link = replaced.url();
    await replaced.goto('about:blank');
    stage.servers.run('frank', 'logout');
    stage.servers.run('frank', 'start');
    await replaced.goto(link);
    await stage.expectTitle(replaced, 'This code no longer counts');
    await stage.look(replaced, 'replaced');
  },

  async 'an account that is signed out elsewhere is not shown'(stage) {
    const page = await stage.withCode('grace');
    await stage.decide(page, 'approve');
    await stage.expectTitle(page, 'You are signed in');
    stage.servers.run('grace', 'logout');
    await page.reload();
    await stage.expectTitle(page, 'You are signed out');
    await stage.look(page, 'signed-out');
  },

  async 'a later link ends an earlier one'(stage) {
    const earlier = await stage.withCode('heidi');
    const code = await stage.code(earlier);
    const later = await stage.visitor();
    await later.goto(stage.servers.link('heidi'));
    await stage.press(later, 'Continue');
    await stage.expectTitle(later, 'Another sign-in is under way');
    await stage.look(later, 'under-way');
    await stage.expectTitle(earlier, 'This page has ended');
    await stage.look(earlier, 'over');
    await stage.press(later, 'Replace it');
    await stage.expectTitle(later, 'Enter this code at OpenAI');
    stage.check('the code is another one', (await stage.code(later)) !== code);
  },

  async 'a link that cannot be used says why'(stage) {
    const lost = await stage.visitor();
    await lost.goto(`https://${HOST}/connect/0123456789012345678901`);
    await stage.expectTitle(lost, 'This link is not valid');
    await stage.look(lost, 'unknown');

    const late = await stage.visitor();
    await late.goto(stage.servers.link('ivan', 3600));
    await stage.expectTitle(late, 'This link has expired');
    await stage.look(late, 'expired');

    const closed = await stage.visitor();
    await closed.goto(stage.servers.link('ivan'));
    await closed.context().clearCookies();
    await stage.press(closed, 'Continue');
    await stage.expectTitle(closed, 'Your browser sends no cookie');
    await stage.look(closed, 'no-cookie');

    const lured = await stage.visitor();
    const link = stage.servers.link('ivan');
    const form = `<form method="post" action="${link}"><button name="action" value="continue">Win</button></form>`;
    await lured.goto(`data:text/html,${encodeURIComponent(form)}`);
    await stage.press(lured, 'Win');
    await stage.expectTitle(lured, 'The button did nothing');
    await stage.look(lured, 'other-site');
  },

  async 'too many attempts'(stage) {
    const [failed, tooMany] = ['That did not work', 'Too many attempts'];
    const page = await stage.visitor();
    await stage.servers.order('fault', { endpoint: 'user_code', fault: { status: 500 }, standing: true });
    await page.goto(stage.servers.link('judy'));
    await stage.press(page, 'Continue');
    // A slow machine gets attempts back meanwhile, but has no more than ten in an hour.
    for (let times = 0; times < 10 && (await stage.oneTitle(page, failed, tooMany)) === failed; times += 1) {
      if (!times) await stage.look(page, 'failed');
      await page.getByRole('link', { name: 'Try again' }).click();
      await stage.expectTitle(page, 'You have no code yet');
      if (!times) await stage.look(page, 'idle');
      await stage.press(page, 'Get a new code');
    }
    await stage.expectTitle(page, tooMany);
    await stage.look(page, 'too-many');
  },

  async 'the page loads itself again when its stream fails or its code has expired'(stage) {
    const page = await stage.visitor();
    await page.route('**/events', (route) => route.fulfill({ status: 503 }), { times: 1 });
    await page.goto(stage.servers.link('kate'));
    let loads = 0;
    // The first is that of the code.
    const isSecond = () => (loads += 1) === 2;
    await Promise.all([
      page.waitForEvent('load', { predicate: isSecond, timeout: PATIENCE }),
      stage.press(page, 'Continue'),
    ]);
    await stage.expectTitle(page, 'Enter this code at OpenAI');
    await stage.decide(page, 'approve');
    await stage.expectTitle(page, 'You are signed in');

    const late = await stage.visitor();
    await late.clock.install();
    await late.goto(stage.servers.link('liam'));
    await stage.press(late, 'Continue');
    await stage.expectTitle(late, 'Enter this code at OpenAI');
    // Its script has begun to count.
    await late.waitForLoadState();
    await Promise.all([late.waitForEvent('load', { timeout: PATIENCE }), late.clock.runFor('16:00')]);
  },

  async 'in German'(stage) {
    const page = await stage.visitor({ locale: 'de-DE' });
    await page.goto(stage.servers.link('mallory'));
    await stage.expectTitle(page, 'Mit Ihrem ChatGPT-Konto anmelden');
    await stage.press(page, 'Weiter');
    await stage.expectTitle(page, 'Geben Sie diesen Code bei OpenAI ein');
    await stage.look(page, 'code-german');
  },

  // The last: OpenAI does not come back.
  async 'OpenAI cannot be reached'(stage) {
    const page = await stage.withCode('niaj');
    stage.servers.simulator.kill();
    await page.getByText('OpenAI cannot be reached').waitFor({ timeout: PATIENCE });
    await stage.look(page, 'offline');
    await stage.pressUntil(page, 'I have entered the code', 'That did not work');
  },
};
