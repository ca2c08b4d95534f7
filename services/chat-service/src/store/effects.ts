import { Kind, kindConstants } from '@parley/contract';
import { type Queryable, statements } from '@parley/database';
import type { LogEntry } from '../core/entry.js';

const sql = statements(import.meta.url, kindConstants);

/** Who has how many bytes more now, or fewer. */
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

/** What a reaction says. */
export function emojiOf({ data }: LogEntry): string {
  return Buffer.from(data).toString();
}

/** True for entries that change what an earlier one shows. */
export function hasEffect({ kind }: LogEntry): boolean {
  return effects[kind] !== undefined;
}

/** Changes the row that the entry is about, in the transaction that wrote the entry as `seq`. */
export async function applyEffect(client: Queryable, entry: LogEntry, seq: number): Promise<readonly SizeChange[]> {
  return (await effects[entry.kind]?.(client, entry, seq)) ?? [];
}
