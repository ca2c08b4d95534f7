import type { InboxEntry, UserInbox, UserInboxEvent } from '@parley/client';
import { inNextTurn } from './turns.js';

/** Entries of one chat that arrived in one turn of the event loop. */
export interface InboxBatch {
  readonly channelId: number;
  readonly log: string;
  readonly entries: readonly InboxEntry[];
}

/** Events of an inbox other than entries. */
export type InboxNews = Exclude<UserInboxEvent, InboxEntry>;

/** Handlers of `readInbox`. They are called one after the other, in the order of the events. */
export interface InboxListener {
  readonly onEntries: (batch: InboxBatch) => Promise<void>;
  readonly onNews: (event: InboxNews) => Promise<void>;
}

/** Groups entries by chat, and keeps their order. */
function batchesOf(entries: readonly InboxEntry[]): InboxBatch[] {
  const groups = new Map<string, InboxEntry[]>();
  for (const entry of entries) {
    const key = `${entry.channelId} ${entry.log}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ channelId: first.channelId, log: first.log, entries: group }];
  });
}

/**
 * Reads an inbox to its end. All entries of one turn of the event loop are handled together, so that
 * a burst of messages renders once.
 */
export async function readInbox(inbox: UserInbox, { onEntries, onNews }: InboxListener): Promise<void> {
  let waiting: InboxEntry[] = [];
  let last: Promise<void> = Promise.resolve();
  const flush = () => {
    const entries = waiting;
    waiting = [];
    for (const batch of batchesOf(entries)) last = last.then(() => onEntries(batch));
  };
  const flushSoon = inNextTurn(flush);
  for await (const event of inbox) {
    if ('seq' in event) {
      waiting.push(event);
      flushSoon();
      continue;
    }
    flush();
    last = last.then(() => onNews(event));
    await last;
  }
}
