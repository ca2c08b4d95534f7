import type { Browser } from 'playwright-core';
import { launchWhole, Visitor, wholeChromiumPath } from './browser.js';
import { createChat, openDirect, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';
import { workerReady } from './worker-steps.js';

/** Returns what the notifications of new messages show to a visitor, as `title: body`. */
function shownTo({ page }: Visitor): Promise<string[]> {
  return page.evaluate(async () => {
    const shown = await (await navigator.serviceWorker.ready).getNotifications();
    return shown.filter(({ tag }) => tag.startsWith('chat-')).map(({ title, body }) => `${title}: ${body}`);
  });
}

async function shows(visitor: Visitor, expected: readonly string[]): Promise<void> {
  while (JSON.stringify(await shownTo(visitor)) !== JSON.stringify(expected)) await visitor.page.waitForTimeout(100);
}

const settingsOf = ({ page }: Visitor) => page.getByRole('button', { name: 'Notifications', exact: true }).click();
const press = ({ page }: Visitor, name: string) => page.getByRole('dialog').getByRole('button', { name }).click();

let whole: Browser | undefined;
afterEach(() => whole?.close());

/** Signs a new user up in a browser that may show notifications. */
async function somebodyToNotify(name: string): Promise<Visitor> {
  whole = await launchWhole();
  const context = await whole.newContext();
  await context.grantPermissions(['notifications'], { origin: stage.url });
  const visitor = await Visitor.come(context, stage.url);
  await visitor.signUp(stage.userId(name), name);
  return visitor;
}

const inWhole = wholeChromiumPath === undefined ? test.skip : test;

inChromium('notifications', () => {
  inWhole('one tab shows what no tab shows, and closes what is read; "do not disturb" holds', async () => {
    const [ann, bob] = [await somebodyToNotify('Ann'), await stage.somebody('Bob')];
    await workerReady(ann);
    const second = await stage.tabOf(ann);
    await settingsOf(ann);
    await press(ann, 'Turn notifications on');
    await ann.page.getByLabel('Show the text of messages').check();
    await stage.picture(ann, 'notifications');
    await press(ann, 'Done');
    await openDirect(bob, ann);
    await bob.say('are you there?');
    await shows(ann, ['Bob: are you there?']);
    expect(await ann.page.locator('link[rel="icon"]').getAttribute('href')).toMatch(/%3E1%3C%2Ftext%3E/);
    await rowOf(second, 'Bob').click();
    await second.message('are you there?').waitFor();
    await shows(ann, []);
    await second.page.goto(`${stage.url}/#rooms`);
    await settingsOf(ann);
    await press(ann, 'For 1 hour');
    await ann.page.getByText('On for another 1 hour').waitFor();
    await press(ann, 'Done');
    await bob.say('still there?');
    await rowOf(ann, 'Bob').getByText('still there?').waitFor();
    await createChat(bob, 'Group', 'fence', [await userIdOf(ann)]);
    await rowOf(ann, 'fence').waitFor();
    await settingsOf(ann);
    await press(ann, 'Turn it off');
    await press(ann, 'Done');
    await bob.say('in the group');
    await shows(ann, ['fence: Bob: in the group']);
    await ann.page.getByRole('button', { name: 'Sign out' }).click();
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await shows(ann, []);
    expect([ann.complaints, second.complaints, bob.complaints]).toEqual([[], [], []]);
  });

  test('a browser that blocks notifications says what to do', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.context().clearPermissions(); // Headless Chromium refuses what nobody has granted.
    await settingsOf(ann);
    const button = ann.page.getByRole('button', { name: 'Turn notifications on' });
    if ((await button.count()) > 0) await button.click();
    await ann.page.getByText('This browser blocks notifications of this site.').waitFor();
    await stage.picture(ann, 'notifications-blocked');
    expect(ann.complaints).toEqual([]);
  });
});
