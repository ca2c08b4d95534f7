import { kindConstants } from '@parley/contract';
import { type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url, kindConstants);

interface Id {
  readonly id: number;
}

/** An entry to archive and delete. */
export interface OldEntry {
  readonly seq: number;
  readonly kind: number;
  readonly sender_id: string;
  readonly client_id: string;
  readonly sent_at: Date;
  readonly target_seq: number | null;
  readonly content_type: string;
  readonly data: Buffer;
  readonly mentions: readonly string[];
  readonly edited_at: Date | null;
  readonly deleted_at: Date | null;
}

/** Usage of one sender in deleted entries. */
interface Dropped {
  readonly sender_id: string;
  /** Membership changes count only against their channel. */
  readonly of_members: boolean;
  readonly bytes: number;
  readonly rows: number;
}

type Seqs = [channelId: number, seqs: readonly number[]];

export const myTurn = sql<{ mine: boolean }>('my-turn');

export const overRetention = sql<Id & { by_count: boolean }, [channels: number]>('over-retention');

export const countStored = sql<{ entries: number }, [channelId: number, entries: number]>('count-stored');

export const trim = sql<{ first_seq: number }, [channelId: number, entries: number]>('trim');

export const stale = sql<Id, [channels: number]>('stale');

export const staleEntries = sql<{ seq: number }, [channelId: number, entries: number]>('stale-entries');

export const archiveEntries = sql<OldEntry, Seqs>('archive-entries');

export const dropEntries = sql<Dropped, Seqs>('drop-entries');

const countDroppedOf = sql<never, readonly unknown[]>('count-dropped');

export const endLogs = sql<never, [channels: number]>('end-logs');

export const purgeChannels = sql<never, [channels: number]>('purge-channels');

/** Subtracts deleted entries from the usage of their channel and senders. */
export async function countDropped(client: Queryable, channelId: number, dropped: readonly Dropped[]): Promise<void> {
  const columns = (['sender_id', 'of_members', 'bytes', 'rows'] as const).map((name) =>
    dropped.map((one) => one[name]),
  );
  await countDroppedOf.run(client, [channelId, ...columns]);
}
