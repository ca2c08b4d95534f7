import { Kind, kindConstants } from '@parley/contract';
import { bytea, int4, int8, loadSql, nullable, type Queryable, type RowOf, text } from '@parley/database';
import type { LogEntry } from '../core/entry.js';

const sql = loadSql('effects.sql', import.meta.url, kindConstants);
const target = { channelId: int4, targetSeq: int8 };

const applyEdit = sql.statement(
  'applyEdit',
  { ...target, data: bytea, contentType: text, editSeq: int8 },
  { senderId: text, bytes: int4 },
);
const applyDelete = sql.statement('applyDelete', target, { senderId: text, bytes: int8 });
const addReaction = sql.statement('addReaction', { ...target, userId: text, emoji: text });
const removeReaction = sql.statement('removeReaction', { ...target, userId: text, emoji: text });
const setPin = sql.statement('setPin', { ...target, pinnedBy: nullable(text) });

/** Change in the stored bytes of a user; negative if there are fewer. */
export type SizeChange = RowOf<typeof applyDelete>;

type Apply = (client: Queryable, entry: LogEntry, seq: number) => Promise<readonly SizeChange[]>;

const effects: Readonly<Record<number, Apply>> = {
  [Kind.EDIT]: (client, { channelId, targetSeq, data, contentType }, editSeq) =>
    applyEdit.run(client, { channelId, targetSeq, data, contentType, editSeq }),
  [Kind.DELETE]: (client, { channelId, targetSeq }) => applyDelete.run(client, { channelId, targetSeq }),
  [Kind.REACT]: (client, entry) => addReaction.run(client, reactionOf(entry)),
  [Kind.UNREACT]: (client, entry) => removeReaction.run(client, reactionOf(entry)),
  [Kind.PIN]: (client, { channelId, targetSeq, senderId }) =>
    setPin.run(client, { channelId, targetSeq, pinnedBy: senderId }),
  [Kind.UNPIN]: (client, { channelId, targetSeq }) => setPin.run(client, { channelId, targetSeq, pinnedBy: null }),
};

function reactionOf(entry: LogEntry) {
  const { channelId, targetSeq, senderId: userId } = entry;
  return { channelId, targetSeq, userId, emoji: emojiOf(entry) };
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
