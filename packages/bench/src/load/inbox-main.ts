/** A crowd: a separate process that opens many idle inboxes, and closes them. */
import { type InboxDoor, type InboxLine, openInbox } from './inbox-lines.js';

/**
 * Inboxes to open. With `close` or `count`, the process only closes the open inboxes or counts
 * their bytes.
 */
export interface InboxOrder {
  readonly close?: true;
  readonly count?: true;
  readonly door: InboxDoor;
  readonly address: string;
  readonly tokens: readonly string[];
  /** Number of the first inbox. */
  readonly from: number;
  /** Inboxes that open at the same time. */
  readonly atOnce: number;
}

/** The result of an order. */
export interface InboxTally {
  readonly open: number;
  /** For each inbox, the milliseconds until its first event. */
  readonly openMs: readonly number[];
  readonly faults: readonly string[];
  /** Bytes that each inbox has received so far. */
  readonly bytes: readonly number[];
}

const lines: InboxLine[] = [];

async function openAll({ door, address, tokens, from, atOnce }: InboxOrder): Promise<InboxTally> {
  const openMs: number[] = [];
  const faults = new Set<string>();
  const next = tokens.entries();
  const openSome = async () => {
    for (const [at, token] of next) {
      const began = performance.now();
      try {
        lines.push(await openInbox(door, address, token, from + at));
        openMs.push(performance.now() - began);
      } catch (error) {
        faults.add(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, openSome));
  return { open: lines.length, openMs, faults: [...faults], bytes: [] };
}

function closeAll(): InboxTally {
  const over = lines.filter(({ isOver }) => isOver).length;
  for (const line of lines.splice(0)) line.close();
  return { open: 0, openMs: [], faults: over === 0 ? [] : [`${over} inboxes ended by themselves`], bytes: [] };
}

function countAll(): InboxTally {
  return { open: lines.length, openMs: [], faults: [], bytes: lines.map(({ bytes }) => bytes) };
}

function obey(order: InboxOrder): Promise<InboxTally> {
  if (order.count === true) return Promise.resolve(countAll());
  return order.close === true ? Promise.resolve(closeAll()) : openAll(order);
}

process.on('disconnect', () => process.exit());
process.on('message', (order: InboxOrder) => {
  obey(order).then(
    (tally) => process.send?.({ tally }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
