import type { Denial } from './entry.js';

/** Stored bytes of text, content types and mentions, and rows of the log. */
export interface StoredUsage {
  readonly bytes: number;
  readonly rows: number;
}

/** Maximum usage of one channel, and of one user in all channels. 0 means no limit. */
export interface Quota {
  readonly channel: StoredUsage;
  readonly user: StoredUsage;
}

type Add = (more: ReadonlyMap<string, StoredUsage>) => Promise<ReadonlyMap<string, StoredUsage>>;

const nothing: StoredUsage = { bytes: 0, rows: 0 };
/**
 * Share of the quota of rows up to which deletions are accepted. A deletion is a row too, so it may
 * exceed the quota.
 */
const shareForDeletions = 1.1;

function reaches(value: number, bound: number): boolean {
  return bound > 0 && value >= bound;
}

function isOver({ bytes, rows }: StoredUsage, most: StoredUsage, deletes: boolean): boolean {
  return deletes
    ? reaches(rows, most.rows * shareForDeletions)
    : reaches(bytes, most.bytes) || reaches(rows, most.rows);
}

/**
 * Tracks which users have reached their quota. Writes of this server are counted in memory and
 * added to the sums in the database every few seconds, so a user may exceed the quota by whatever
 * is sent in between.
 */
export class Usage {
  readonly #quota: Quota;
  #unsaved = new Map<string, StoredUsage>();
  /** Users over their quota, as last read from the database. */
  readonly #over = new Map<string, StoredUsage>();
  /** Bytes stored by this process. */
  storedBytes = 0;

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  /** Counts one entry that was written. */
  countEntry(userId: string, bytes: number): void {
    this.storedBytes += bytes;
    this.#count(userId, { bytes, rows: 1 });
  }

  /** Counts a change in the size of an entry, in bytes. */
  countChange(userId: string, bytes: number): void {
    this.#count(userId, { bytes, rows: 0 });
  }

  #count(userId: string, { bytes, rows }: StoredUsage): void {
    const sum = this.#unsaved.get(userId) ?? nothing;
    this.#unsaved.set(userId, { bytes: sum.bytes + bytes, rows: sum.rows + rows });
  }

  /** Records the usage of a user according to the database. */
  note(userId: string, stored: StoredUsage): void {
    if (isOver(stored, this.#quota.user, false)) this.#over.set(userId, stored);
    else this.#over.delete(userId);
  }

  /**
   * Returns the denial if the user, or the channel with the stored sums `inChannel`, is over quota.
   * Deletions have a higher limit.
   */
  denialFor(userId: string, inChannel: StoredUsage, deletes: boolean): Denial | undefined {
    const { channel, user } = this.#quota;
    const over = isOver(inChannel, channel, deletes) || isOver(this.#over.get(userId) ?? nothing, user, deletes);
    return over ? { reason: 'quota-exceeded' } : undefined;
  }

  /**
   * Saves the counts. Also reads the totals of users over quota who are connected (`here`). Rejects
   * if that fails; the next call saves the same counts.
   */
  async save(add: Add, here: () => ReadonlySet<string>): Promise<void> {
    const people = this.#over.size === 0 ? new Set<string>() : here();
    const saving = this.#unsaved;
    this.#unsaved = new Map();
    for (const userId of this.#over.keys()) {
      if (saving.has(userId)) continue;
      if (people.has(userId)) saving.set(userId, nothing);
      else this.#over.delete(userId);
    }
    if (saving.size === 0) return;
    try {
      for (const [userId, stored] of await add(saving)) this.note(userId, stored);
    } catch (thrown) {
      for (const [userId, stored] of saving) this.#count(userId, stored);
      throw thrown;
    }
  }
}
