import type { EntryEvent } from '@parley/client';

const encoder = new TextEncoder();

/** Returns a message entry. Its time is one minute per seq. */
export function said(seq: number, sender: string, text: string, more: { clientId?: string; replyTo?: number } = {}) {
  const { clientId = `c${seq}`, replyTo } = more;
  return {
    type: 'message',
    seq,
    timestamp: seq * 60_000,
    sender,
    clientId,
    data: encoder.encode(text),
    contentType: 'text/plain',
    replyTo,
    mentions: [],
    fileIds: [],
    editedAt: undefined,
    deleted: false,
    reactions: [],
    pinnedAt: undefined,
  } satisfies EntryEvent;
}

/** Returns an entry that changes another one. */
export function about(
  seq: number,
  sender: string,
  type: 'edit' | 'delete' | 'react' | 'unreact' | 'pin' | 'unpin',
  target: number,
  text = '',
) {
  const facts = { seq, timestamp: seq * 60_000, sender, clientId: `c${seq}`, target };
  if (type === 'edit')
    return { type, ...facts, data: encoder.encode(text), contentType: 'text/plain' } satisfies EntryEvent;
  if (type === 'react' || type === 'unreact') return { type, ...facts, emoji: text } satisfies EntryEvent;
  return { type, ...facts } satisfies EntryEvent;
}

/** Returns a message entry as a tab of an earlier version of the page sends it: without files. */
export function withoutFiles(entry: ReturnType<typeof said>): EntryEvent {
  const { fileIds: _, ...rest } = entry;
  return rest as Omit<typeof entry, 'fileIds'> as never;
}
