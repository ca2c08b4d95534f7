import { isOlderFile, pagePath, pathInCache } from '../state/page-files.js';
import { pushNotice } from '../state/push-notice.js';
import { PageCache } from './page-cache.js';
import { noticesWords } from './worker-words.js';

declare const self: ServiceWorkerGlobalScope;
/** The files of the page that was built with this worker: their paths and SHA-256 hashes. The build sets it. */
declare const pageFiles: Readonly<Record<string, string>>;
/** Name of this version of the page. The build sets it. */
declare const pageVersion: string;

/** Milliseconds to wait for the newest page, before the stored one is shown. */
const patienceMs = 4_000;
const cache = new PageCache(pageVersion, pageFiles);

/** Returns the newest page, or the stored one if the server cannot be reached. */
async function openPage(request: Request): Promise<Response> {
  const stored = await cache.find(pagePath);
  const online = fetch(request);
  if (stored === undefined) return online;
  const fresh = online.then((response) => (response.status < 500 ? response : stored)).catch(() => stored);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(stored), patienceMs));
  return Promise.race([fresh, late]);
}

async function fileOf(path: string, request: Request): Promise<Response> {
  return (await cache.find(path)) ?? fetch(request);
}

// A page of an older version stays usable: its files are in a cache until the version after the
// next one. So a new worker takes over at once.
self.addEventListener('install', (event) => event.waitUntil(cache.fill().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(cache.deleteOlder()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const path = pathInCache(request, self.location.origin);
  if (path === pagePath && request.mode === 'navigate') event.respondWith(openPage(request));
  else if (path !== undefined && (path in pageFiles || isOlderFile(path))) event.respondWith(fileOf(path, request));
});

/** Opens the address of a notification: in a tab that is open, or else in a new one. */
async function openNotice(href: unknown): Promise<void> {
  const address = typeof href === 'string' && href.startsWith('#') ? href : '';
  const [tab] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tab === undefined) return void (await self.clients.openWindow(`/${address}`));
  tab.postMessage({ type: 'open', href: address });
  await tab.focus();
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openNotice((event.notification.data as { href?: unknown } | null)?.href));
});

/** Shows a message of Web Push, except to a user who looks at the page: that tab tells them itself. */
async function showPush(data: PushMessageData | null): Promise<void> {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tabs.some(({ focused }) => focused)) return;
  const { title, body, tag, href } = pushNotice(payloadOf(data), await noticesWords());
  await self.registration.showNotification(title, { body, tag, icon: '/icon-192.png', data: { href } });
}

function payloadOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return undefined; // Another version of the server has sent it.
  }
}

self.addEventListener('push', (event) => event.waitUntil(showPush(event.data)));
