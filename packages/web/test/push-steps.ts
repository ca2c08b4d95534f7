import { type PushReceiver, until } from '@parley/testkit';
import type { BrowserContext, CDPSession } from 'playwright-core';
import type { Visitor } from './browser.js';

/** Returns what the notifications of new messages show to a visitor, as `title: body`. */
function shownTo({ page }: Visitor): Promise<string[]> {
  return page.evaluate(async () => {
    const shown = await (await navigator.serviceWorker.ready).getNotifications();
    return shown.filter(({ tag }) => tag.startsWith('chat-')).map(({ title, body }) => `${title}: ${body}`);
  });
}

/** Waits until exactly these notifications are shown. */
export function shows(visitor: Visitor, expected: readonly string[]): Promise<void> {
  return until(async () => JSON.stringify(await shownTo(visitor)) === JSON.stringify(expected), 150_000);
}

/** Lets the browser subscribe at the receiver, as it cannot reach the push service of its maker. */
export async function subscribeAt(receiver: PushReceiver, context: BrowserContext): Promise<void> {
  const { endpoint, publicKey, secret } = receiver.subscribe('ann');
  const keys = { p256dh: [...publicKey], auth: [...secret] };
  await context.addInitScript(
    ([url, bytes]) => {
      let present: PushSubscription | null = null;
      const end = async () => {
        present = null;
        return true;
      };
      PushManager.prototype.getSubscription = async () => present;
      PushManager.prototype.subscribe = async ({ applicationServerKey: key } = {}) => {
        const options = { userVisibleOnly: true, applicationServerKey: (key as Uint8Array<ArrayBuffer>).buffer };
        const getKey = (name: PushEncryptionKeyName) => new Uint8Array(bytes[name]).buffer;
        present = { endpoint: url, expirationTime: null, options, getKey, toJSON: () => ({}), unsubscribe: end };
        return present;
      };
    },
    [endpoint, keys] as const,
  );
}

/** Returns a function that gives a message of Web Push to the worker of the page, as the browser does. */
export async function pushesOf({ page }: Visitor): Promise<(payload: unknown) => Promise<void>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
      if (first !== undefined) resolve(first.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await registered;
  const { origin } = new URL(page.url());
  return async (payload) => {
    const data = JSON.stringify(payload);
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
  };
}
