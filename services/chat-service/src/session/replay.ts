import { setTimeout as pause } from 'node:timers/promises';
import { withoutHidden } from '@parley/fanout';
import type { MemoryHolding } from '@parley/runtime';
import type { LiveChannel } from '../core/live-channel.js';
import type { MessageStore } from '../store/messages.js';
import { encodeStored } from './frames.js';
import type { MessageStream } from './stream.js';

export interface ReplayOptions {
  readonly channel: LiveChannel;
  readonly stream: MessageStream;
  readonly messages: MessageStore;
  readonly events: boolean;
  /** Edits of messages up to this seq are sent without their text. */
  readonly hiddenUpTo: number;
  readonly unread: MemoryHolding;
  /** Charges the user for bytes. Returns the milliseconds to wait before the next page. */
  readonly charge: (bytes: number) => number;
  /** Called with the last seq of each page that was sent. */
  readonly onPage: (lastSeq: number) => void;
}

const pageSize = 500;

function sum(messages: readonly Uint8Array[]): number {
  return messages.reduce((bytes, message) => bytes + message.length, 0);
}

/**
 * Returns a function that writes frames and resolves once the reader can take more or is gone. One
 * listener for the end serves all pages.
 */
function pacedWriter(stream: MessageStream): (frames: Buffer) => Promise<void> {
  let goOn = () => {};
  stream.onClose(() => goOn());
  return (frames) => {
    if (frames.length === 0 || stream.write(frames)) return Promise.resolve();
    return new Promise((resolve) => {
      goOn = resolve;
      stream.onDrain(resolve);
    });
  };
}

/**
 * Sends the entries after `seq` from the table, page by page at the reader's pace, until the ring
 * has the rest. Resolves with the cursor to continue from. Resolves with undefined if the stream
 * has ended or the table no longer has the entries.
 */
export async function replay(
  seq: number,
  { channel, stream, messages: store, events, hiddenUpTo, unread, charge, onPage }: ReplayOptions,
): Promise<number | undefined> {
  const write = pacedWriter(stream);
  let last = seq;
  while (!stream.ended) {
    const cursor = channel.cursorAfter(last);
    if (cursor !== undefined) return cursor;
    const page = (await store.entriesAfter(channel.facts.id, last, pageSize)).filter(
      ({ seq }) => seq <= channel.lastSeq,
    );
    if (page[0]?.seq !== last + 1) return undefined;
    const encoded = page.map((entry) => withoutHidden(encodeStored(entry), hiddenUpTo));
    const messages = encoded.filter(({ plain }) => events || plain).map(({ bytes }) => bytes);
    unread.set(sum(messages));
    await write(stream.framing.join(messages, sum(messages)));
    unread.set(0);
    await pause(charge(sum(encoded.map(({ bytes }) => bytes))), undefined, { ref: false });
    last = page.at(-1)?.seq ?? last;
    onPage(last);
  }
  return undefined;
}
