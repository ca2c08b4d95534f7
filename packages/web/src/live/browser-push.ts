import type { ParleyClient, PushState } from '@parley/client';
import type { StoredNoticeSettings } from './stored-notice-settings.js';

/** Whether Web Push can be used: `refused` means that the browser has no push service, or cannot reach it. */
export type PushResult = 'on' | 'off' | 'refused';

async function pushManager(): Promise<PushManager | undefined> {
  return (await navigator.serviceWorker?.getRegistration())?.pushManager;
}

function isSame(a: ArrayBuffer | null, b: Uint8Array): boolean {
  const bytes = a === null ? undefined : new Uint8Array(a);
  return bytes !== undefined && bytes.length === b.length && bytes.every((byte, at) => byte === b[at]);
}

/** Returns the subscription of this browser for the key of the server. A subscription for another key ends. */
async function subscribed(pushes: PushManager, serverKey: Uint8Array): Promise<PushSubscription> {
  const present = await pushes.getSubscription();
  if (present !== null && isSame(present.options.applicationServerKey, serverKey)) return present;
  await present?.unsubscribe();
  return pushes.subscribe({ userVisibleOnly: true, applicationServerKey: serverKey.slice() });
}

/** Ends the subscription of this browser, for example when the user signs out. */
export async function endPush(): Promise<void> {
  await (await (await pushManager())?.getSubscription())?.unsubscribe();
}

/** Web Push to this browser, which works while the page is closed. */
export class BrowserPush {
  readonly #client: ParleyClient;
  readonly #settings: StoredNoticeSettings;

  constructor(client: ParleyClient, settings: StoredNoticeSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /** Returns whether the server sends Web Push and this browser takes it. @throws {Refusal} */
  async isOffered(signal: AbortSignal): Promise<boolean> {
    if ((await pushManager()) === undefined) return false;
    return (await this.#client.push.get({ signal })).serverKey !== undefined;
  }

  /**
   * Subscribes this browser as the settings say, or ends its subscription.
   * @throws {Refusal}
   */
  async update(): Promise<PushResult> {
    const { shows, pushes } = this.#settings.state();
    const { serverKey, subscription: stored } = await this.#client.push.get();
    const manager = await pushManager();
    if (shows && pushes && manager !== undefined && serverKey !== undefined)
      return this.#subscribe(manager, serverKey, stored);
    if (stored !== undefined) await this.#client.push.remove();
    await endPush();
    return 'off';
  }

  async #subscribe(
    manager: PushManager,
    serverKey: Uint8Array,
    stored: PushState['subscription'],
  ): Promise<PushResult> {
    const subscription = await subscribed(manager, serverKey).catch(() => undefined);
    const [publicKey, secret] = [subscription?.getKey('p256dh'), subscription?.getKey('auth')];
    if (subscription === undefined || !publicKey || !secret) return 'refused';
    const { endpoint } = subscription;
    const { showsText, quietUntilMs: quietUntil } = this.#settings.state();
    const isStored =
      stored?.endpoint === endpoint && stored.showsText === showsText && stored.quietUntil === quietUntil;
    const keys = { publicKey: new Uint8Array(publicKey), secret: new Uint8Array(secret) };
    if (!isStored) await this.#client.push.set({ endpoint, ...keys, showsText, quietUntil });
    return 'on';
  }
}
