import { words } from '../words/words.js';
/** How this browser tells the user of new messages. */
export interface NoticeSettings {
  /** Whether to show notifications of the system. */
  readonly shows: boolean;
  /** Whether notifications contain the text of messages. */
  readonly showsText: boolean;
  readonly playsSound: boolean;
  /** End of "do not disturb", in Unix ms of the server's clock; 0 if it is off. */
  readonly quietUntilMs: number;
}

export const quietSettings: NoticeSettings = { shows: false, showsText: false, playsSound: false, quietUntilMs: 0 };

/** Durations of "do not disturb", in seconds. */
export const quietSeconds = [3_600, 28_800, 86_400] as const;

/** Returns the settings that a browser has stored, perhaps by another version of the page. */
export function noticeSettingsOf(stored: unknown): NoticeSettings {
  const { shows, showsText, playsSound, quietUntilMs } = (stored ?? {}) as Partial<
    Record<keyof NoticeSettings, unknown>
  >;
  const until = typeof quietUntilMs === 'number' && Number.isFinite(quietUntilMs) ? quietUntilMs : 0;
  return { shows: shows === true, showsText: showsText === true, playsSound: playsSound === true, quietUntilMs: until };
}

/** Returns for how many more milliseconds the user does not want to be disturbed. */
export function quietForMs({ quietUntilMs }: NoticeSettings, serverNowMs: number): number {
  const longestMs = Math.max(...quietSeconds) * 1_000;
  const leftMs = quietUntilMs - serverNowMs;
  return leftMs <= 0 || leftMs > longestMs ? 0 : leftMs; // More than that comes from a clock that was wrong.
}

/** Whether the browser lets this page show notifications; `none` if it has none. */
export type NoticePermission = NotificationPermission | 'none';

/** Returns how to allow notifications, or undefined if the page may show them or may ask. */
export function blockedWords(permission: NoticePermission): string | undefined {
  if (permission === 'denied') return words().notices.denied;
  if (permission === 'none') return words().notices.impossible;
  return undefined;
}
