import type { NoticesWords } from '../words/en/notices.js';
import { chatHref } from './place.js';
import { chatTag, type SystemNotice } from './system-notice.js';
import { plainLine } from './text.js';

function textOf(value: unknown): string {
  return typeof value === 'string' ? plainLine(value).trim() : '';
}

function bodyOf(kind: unknown, isDirect: boolean, by: string, text: string, say: NoticesWords): string {
  if (kind === 'added' || kind === 'offered' || kind === 'role') return say[kind];
  if (text === '') return isDirect || by === '' ? say.messages(1) : say.messageFrom(by);
  return isDirect || by === '' ? text : `${by}: ${text}`;
}

/**
 * Returns the notification for a message of Web Push. A browser wants one for every message, so a
 * message of an unknown form has one too, which opens the page.
 */
export function pushNotice(payload: unknown, say: NoticesWords): SystemNotice {
  const { channelId, seq, kind, isDirect, ...texts } = (payload ?? {}) as Partial<Record<string, unknown>>;
  if (typeof channelId !== 'number' || !Number.isSafeInteger(channelId) || channelId <= 0)
    return { tag: 'parley', title: 'Parley', body: say.somethingNew, href: '#' };
  const by = textOf(texts.byName);
  const body = bodyOf(kind, isDirect === true, by, textOf(texts.text), say);
  const target = typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0 ? seq : undefined;
  const title = (isDirect === true ? by : textOf(texts.channelName)) || 'Parley';
  return { tag: chatTag(channelId), title, body, href: chatHref(channelId, target) };
}
