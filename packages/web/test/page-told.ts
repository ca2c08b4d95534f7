import { randomBytes } from 'node:crypto';
import { PushReceiver, type ServiceProcess, until } from '@parley/testkit';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchWhole, Visitor, wholeChromiumPath } from './browser.js';
import { createChat, openChat, openDirect, rowOf, userIdOf } from './chat-steps.js';
import { pushesOf, shows, subscribeAt } from './push-steps.js';
import { inChromium, stage } from './stage.js';
import { workerReady } from './worker-steps.js';

const settingsOf = ({ page }: Visitor) => page.getByRole('button', { name: /^Notifications/ }).click();
const press = ({ page }: Visitor, name: string) => page.getByRole('dialog').getByRole('button', { name }).click();

let whole: Browser | undefined;
afterEach(() => whole?.close());

/** Signs a new user up in a browser that may show notifications. */
async function somebodyToNotify(
  name: string,
  url = stage.url,
  prepare = async (_: BrowserContext) => {},
): Promise<Visitor> {
  whole = await launchWhole();
  const context = await whole.newContext();
  await context.grantPermissions(['notifications'], { origin: url });
  await prepare(context);
  const visitor = await Visitor.come(context, url);
  await visitor.signUp(stage.userId(name), name);
  return visitor;
}

/** Starts a gateway that sends Web Push to the receiver. */
function startPushGateway({ certificate }: PushReceiver): Promise<ServiceProcess> {
  return stage.trio.startGateway({
    PARLEY_PUSH_KEY: randomBytes(32).toString('base64url'),
    PARLEY_PUSH_CONTACT: 'mailto:ops@example.org',
    PARLEY_PUSH_PRIVATE: 'on',
    NODE_EXTRA_CA_CERTS: certificate,
  });
}

/** Presses the only notification. Returns when the worker has handled it, as far as it may without a real click. */
async function pressNotice({ page }: Visitor): Promise<void> {
  const [worker] = page.context().serviceWorkers();
  await worker?.evaluate(`self.registration.getNotifications().then(([notification]) => {
    dispatchEvent(new NotificationEvent('notificationclick', { notification }));
  })`);
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
    await openChat(second, 'Bob');
    await second.message('are you there?').waitFor();
    await shows(ann, []);
    await second.page.goto(`${stage.url}/#rooms`);
    await settingsOf(ann);
    await press(ann, 'For 1 hour');
    await ann.page.getByText('On for another 1 hour').waitFor();
    await press(ann, 'Done');
    await second.page.getByRole('button', { name: 'Notifications: “Do not disturb” is on' }).waitFor();
    await bob.say('still there?');
    await rowOf(ann, 'Bob').getByText('still there?').waitFor();
    await createChat(bob, 'Group', 'fence', [await userIdOf(ann)]);
    await rowOf(ann, 'fence').waitFor();
    await settingsOf(ann);
    await press(ann, 'Turn it off');
    await press(ann, 'Done');
    await second.page.getByRole('button', { name: 'Notifications', exact: true }).waitFor();
    await bob.say('in the group');
    await shows(ann, ['fence: Bob: in the group']);
    await ann.page.getByRole('button', { name: 'Sign out' }).click();
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await shows(ann, []);
    expect([ann.complaints, second.complaints, bob.complaints]).toEqual([[], [], []]);
  });

  inWhole('Web Push reaches a closed page; pressing the notification opens the chat', async () => {
    const receiver = await PushReceiver.start();
    const gateway = await startPushGateway(receiver);
    const ann = await somebodyToNotify('Ann', gateway.http, (context) => subscribeAt(receiver, context));
    const bob = await stage.somebody('Bob');
    await workerReady(ann);
    const push = await pushesOf(ann);
    await settingsOf(ann);
    await press(ann, 'Turn notifications on');
    await ann.page.getByLabel('Show the text of messages').check();
    await ann.page.getByLabel('Also when Parley is closed').check();
    await until(
      async () => (await stage.trio.people.sql('SELECT FROM chat.push_subscription WHERE shows_text')).length === 1,
    );
    await stage.picture(ann, 'push');
    await press(ann, 'Done');
    await openDirect(bob, ann);
    await ann.page.goto('about:blank');
    await bob.say('are you there?');
    await until(async () => {
      await stage.trio.people.sql('UPDATE chat.push_due SET due_at = now() WHERE due_at > now()');
      return receiver.received.length > 0;
    });
    await push(receiver.received[0]?.payload);
    await ann.page.goto(`${gateway.http}/#rooms`);
    await shows(ann, ['Bob: are you there?']);
    await pressNotice(ann);
    await ann.message('are you there?').waitFor();
    await shows(ann, []);
    const isSubscribed = () =>
      ann.page.evaluate(async () => (await navigator.serviceWorker.ready).pushManager.getSubscription()).then(Boolean);
    expect(await isSubscribed()).toBe(true);
    await ann.page.getByRole('button', { name: 'Sign out' }).click();
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await until(async () => !(await isSubscribed()));
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
    await gateway.stop();
    await receiver.stop();
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
