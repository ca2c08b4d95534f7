import type { NoticePermission } from '../state/notices.js';
import { Store } from '../state/store.js';
import type { SystemNotice } from '../state/system-notice.js';

function permissionNow(): NoticePermission {
  return 'Notification' in globalThis ? Notification.permission : 'none';
}

const permission = new Store<NoticePermission, NoticePermission>((_, now) => now, permissionNow());
const update = () => permission.dispatch(permissionNow());

/** Whether the page may show notifications. It is read anew for each listener. */
export const noticePermission = {
  state: permission.state,
  subscribe: (listener: () => void) => {
    const stop = permission.subscribe(listener);
    update();
    return stop;
  },
};

/** Follows changes that the user makes in the settings of the browser. */
export async function watchPermission(): Promise<void> {
  const status = await navigator.permissions?.query({ name: 'notifications' }).catch(() => undefined);
  status?.addEventListener('change', update);
}

/** Asks the user for the permission. Call it only when the user has pressed a button for it. */
export async function askPermission(): Promise<NoticePermission> {
  if (permissionNow() === 'default') await Notification.requestPermission();
  update();
  return permissionNow();
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return navigator.serviceWorker?.getRegistration();
}

/** Shows a notification of the system, in place of an earlier one with the same tag. */
export async function showNotice({ title, body, tag, href }: SystemNotice): Promise<void> {
  if (permissionNow() !== 'granted') return;
  // `renotify`: a further message in the same chat makes itself heard again.
  const options = { body, tag, icon: '/icon-192.png', data: { href }, renotify: true };
  const worker = await registration();
  if (worker?.active) return worker.showNotification(title, options);
  const shown = new Notification(title, options);
  shown.onclick = () => {
    window.focus();
    location.hash = href;
    shown.close();
  };
}

/** Closes the notifications with a tag, or all of them. */
export async function closeNotices(tag?: string): Promise<void> {
  const shown = await (await registration())?.getNotifications(tag === undefined ? {} : { tag });
  for (const one of shown ?? []) one.close();
}

/** Opens the address of a notification that the user has pressed. Returns a function that stops it. */
export function openPressedNotices(): () => void {
  const open = ({ data }: MessageEvent<{ readonly type?: unknown; readonly href?: unknown } | null>) => {
    if (data?.type === 'open' && typeof data.href === 'string' && data.href.startsWith('#')) location.hash = data.href;
  };
  navigator.serviceWorker?.addEventListener('message', open);
  return () => navigator.serviceWorker?.removeEventListener('message', open);
}
