import { bool, bytea, int4, int8, loadSql, nullable, type Pool, text, transaction, uuid } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';
import { KeyedSemaphore } from '@parley/service-kit';

const sql = loadSql('guests.sql', import.meta.url);

const openGuest = sql.statement(
  'openGuest',
  { name: nullable(text), instanceId: uuid, network: text, tokenHash: bytea, most: int4, mostOfNetwork: int4 },
  { outcome: text.as<Reason | 'done'>(), guestId: text, guestName: text },
);
const closeGuest = sql.statement('closeGuest', { userId: text }, { closed: text });
const closeLostGuests = sql.statement('closeLostGuests', {}, { closed: int4 });
const findGuest = sql.statement('findGuest', { name: text }, { userId: text });
const room = { id: int4, name: text, ownerId: text };
const listPublicRooms = sql.statement('listPublicRooms', { size: int8 }, room);
const findPublicRoom = sql.statement('findPublicRoom', { name: text, isExact: bool }, room);
const lockRoomName = sql.statement('lockRoomName', { name: text }, { locked: text });

/** A new guest, as the database has it. */
export interface GuestRequest {
  /** Undefined: the next number. */
  readonly name: string | undefined;
  readonly instanceId: string;
  readonly network: string;
  readonly tokenHash: Uint8Array;
  /** Maximum numbers of guests: of all gateways, and from one network. */
  readonly most: number;
  readonly mostOfNetwork: number;
}

/** A public chat, which the doors of documents 002 and 003 call a room. */
export interface PublicRoom {
  readonly id: number;
  readonly name: string;
  readonly ownerId: string;
}

/** Rooms that a list has at most: the most active ones. */
const roomsListed = 1_000;
/** Creations of rooms that hold a database connection at once in this process, and that wait. */
const creationsAtOnce = 2;
const creationsWaiting = 100;

/** Guests, and the rooms that they find by name. */
export class GuestStore {
  readonly #pool: Pool;
  readonly #creations = new KeyedSemaphore(creationsAtOnce, creationsWaiting);

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Opens the account and the session of a guest.
   * @throws {Refusal} `too-many-guests`, `user-id-taken` or `guest-name-taken`.
   */
  async open(request: GuestRequest): Promise<{ readonly userId: string; readonly name: string }> {
    const [row] = await openGuest.run(this.#pool, { ...request, name: request.name ?? null });
    if (row?.outcome !== 'done') throw refuse(row?.outcome ?? 'internal');
    return { userId: row.guestId, name: row.guestName };
  }

  /** Ends the account of a guest. Its memberships end within seconds. */
  async close(userId: string): Promise<void> {
    await closeGuest.run(this.#pool, { userId });
  }

  /** Ends the guests of gateways that have ended. */
  async closeLost(): Promise<void> {
    await closeLostGuests.run(this.#pool);
  }

  /** Returns the user id of a guest who is here, at any gateway. */
  async find(name: string): Promise<string | undefined> {
    return (await findGuest.run(this.#pool, { name }))[0]?.userId;
  }

  /** Returns the most active rooms, sorted by age, the oldest first. */
  async rooms(): Promise<PublicRoom[]> {
    const rows = await listPublicRooms.run(this.#pool, { size: roomsListed });
    return [...rows].sort((one, other) => one.id - other.id);
  }

  /** Returns the oldest room with a name. Ignores case unless `isExact` is set. */
  async room(name: string, isExact: boolean): Promise<PublicRoom | undefined> {
    return (await findPublicRoom.run(this.#pool, { name, isExact }))[0];
  }

  /** Runs `work` while nobody else creates a room of this name at these doors. */
  whileNamed<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#creations.run('rooms', () =>
      transaction(this.#pool, async (client) => {
        await lockRoomName.run(client, { name });
        return work();
      }),
    );
  }
}
