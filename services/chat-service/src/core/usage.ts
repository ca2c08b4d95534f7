import type { Denial } from './entry.js';

/** Bytes of words, content types and mentions, and rows of the log. */
export interface StoredUsage {
  readonly bytes: number;
  readonly rows: number;
}

/** How much may be stored in one channel, and of one user in all channels; 0: no bound. */
export interface Quota {
  readonly channel: StoredUsage;
  readonly user: StoredUsage;
}

type Add = (more: ReadonlyMap<string, StoredUsage>) => Promise<ReadonlyMap<string, StoredUsage>>;

const nothing: StoredUsage = { bytes: 0, rows: 0 };
/** A deletion is a row too: there is room for a tenth more rows, and those only delete. */
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
 * Who has stored as much as one may. What this server writes is counted in memory and added to the database's sums every few
 * seconds, so a user may pass the bound by what can be sent meanwhile.
 */
export class Usage {
  readonly #quota: Quota;
  #unsaved = new Map<string, StoredUsage>();
  /** As of the last look. */
  readonly #over = new Map<string, StoredUsage>();
  /** Written by this process. */
  storedBytes = 0;

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  /** One entry was written. */
  countEntry(userId: string, bytes: number): void {
    this.storedBytes += bytes;
    this.#count(userId, { bytes, rows: 1 });
  }

  /** An entry was made longer or shorter by so much. */
  countChange(userId: string, bytes: number): void {
    this.#count(userId, { bytes, rows: 0 });
  }

  #count(userId: string, { bytes, rows }: StoredUsage): void {
    const sum = this.#unsaved.get(userId) ?? nothing;
    this.#unsaved.set(userId, { bytes: sum.bytes + bytes, rows: sum.rows + rows });
  }

  /** What the database says that a user has stored. */
  note(userId: string, stored: StoredUsage): void {
    if (isOver(stored, this.#quota.user, false)) this.#over.set(userId, stored);
    else this.#over.delete(userId);
  }

  /** Why nothing more of this user is stored in a channel that holds `inChannel`; a deletion is taken for longer. */
  denialFor(userId: string, inChannel: StoredUsage, deletes: boolean): Denial | undefined {
    const { channel, user } = this.#quota;
    const over = isOver(inChannel, channel, deletes) || isOver(this.#over.get(userId) ?? nothing, user, deletes);
    return over ? { reason: 'quota-exceeded' } : undefined;
  }

  /** Adds what was counted, and looks at the sums of those who were over and are `here`. Rejects where it could not be added; then it is added the next time. */
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
