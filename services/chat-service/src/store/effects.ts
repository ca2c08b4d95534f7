import { Kind, kindConstants } from '@parley/contract';
import { type Queryable, statements } from '@parley/database';
import type { LogEntry } from '../core/entry.js';

const sql = statements(import.meta.url, kindConstants);

/** Change in the stored bytes of a user; negative if there are fewer. */
export interface SizeChange {
  readonly sender_id: string;
  readonly bytes: number;
}

const edit = sql<SizeChange, [channelId: number, seq: number, data: Buffer, contentType: string, editSeq: number]>(
  'apply-edit',
);
const remove = sql<SizeChange, [channelId: number, seq: number]>('apply-delete');
const react = sql<never, [channelId: number, seq: number, userId: string, emoji: string]>('apply-react');
const unreact = sql<never, [channelId: number, seq: number, userId: string, emoji: string]>('apply-unreact');
const pin = sql<never, [channelId: number, seq: number, userId: string | null]>('apply-pin');

type Apply = (client: Queryable, entry: LogEntry, seq: number) => Promise<readonly SizeChange[]>;

const effects: Readonly<Record<number, Apply>> = {
  [Kind.EDIT]: (client, { channelId, targetSeq, data, contentType }, seq) =>
    edit.run(client, [channelId, targetSeq, Buffer.from(data), contentType, seq]),
  [Kind.DELETE]: (client, { channelId, targetSeq }) => remove.run(client, [channelId, targetSeq]),
  [Kind.REACT]: (client, entry) => react.run(client, reactionOf(entry)),
  [Kind.UNREACT]: (client, entry) => unreact.run(client, reactionOf(entry)),
  [Kind.PIN]: (client, { channelId, targetSeq, senderId }) => pin.run(client, [channelId, targetSeq, senderId]),
  [Kind.UNPIN]: (client, { channelId, targetSeq }) => pin.run(client, [channelId, targetSeq, null]),
};

function reactionOf(entry: LogEntry): [number, number, string, string] {
  return [entry.channelId, entry.targetSeq, entry.senderId, emojiOf(entry)];
}

/** Returns the emoji of a reaction. */
export function emojiOf({ data }: LogEntry): string {
  return Buffer.from(data).toString();
}

/** Returns true for entries that change an earlier one. */
export function hasEffect({ kind }: LogEntry): boolean {
  return effects[kind] !== undefined;
}

/** Applies an entry, written as `seq` in the same transaction, to its target. */
export async function applyEffect(client: Queryable, entry: LogEntry, seq: number): Promise<readonly SizeChange[]> {
  return (await effects[entry.kind]?.(client, entry, seq)) ?? [];
}
