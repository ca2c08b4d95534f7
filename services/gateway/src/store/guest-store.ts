import {
  bool,
  bytea,
  int4,
  int8,
  loadSql,
  nullable,
  type Pool,
  type RowOf,
  text,
  transaction,
  uuid,
} from '@parley/database';
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
const findGuest = sql.statement('findGuest', { name: text }, { userId: text, network: text });
const room = { id: int4, name: text, ownerId: text };
const listPublicRooms = sql.statement('listPublicRooms', { size: int8 }, room);
const findPublicRoom = sql.statement('findPublicRoom', { name: text, isExact: bool }, room);
const lockRoomName = sql.statement('lockRoomName', { name: text }, { locked: text });

const listRoomsAfter = sql.statement('listRoomsAfter', { after: int4, size: int8 }, room);
const channelsOfGuest = sql.statement('channelsOfGuest', { userId: text, size: int8 }, { id: int4 });
const openGuestSession = sql.statement('openGuestSession', { userId: text, tokenHash: bytea }, { isOpen: bool });
const readRoomAge = sql.statement('readRoomAge', { channelId: int4 }, { createdAtMs: int8 });
const readRoomMessages = sql.statement(
  'readRoomMessages',
  { channelId: int4, size: int8, mostBytes: int8 },
  { senderId: text, sentAtMs: int8, data: bytea, contentType: text },
);

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

/** The last messages of a room, and when it was created. */
export interface RoomHistory {
  readonly createdAtMs: number;
  readonly messages: readonly RowOf<typeof readRoomMessages>[];
}

const newRoomsListed = 200;
const mostHistoryBytes = 1_048_576;
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

  /** Returns a guest who is here, at any gateway. */
  async find(name: string): Promise<RowOf<typeof findGuest> | undefined> {
    return (await findGuest.run(this.#pool, { name }))[0];
  }

  /** Opens another session of a guest, for a minute. @throws {Refusal} `user-not-found`. */
  async openSession(userId: string, tokenHash: Uint8Array): Promise<void> {
    const [row] = await openGuestSession.run(this.#pool, { userId, tokenHash });
    if (row?.isOpen !== true) throw refuse('user-not-found');
  }

  /** Returns the channels that a guest is in. */
  async channelsOf(userId: string): Promise<number[]> {
    return (await channelsOfGuest.run(this.#pool, { userId, size: roomsListed })).map(({ id }) => id);
  }

  /** Returns the newest rooms after an id, at most 200, the oldest first. */
  async roomsAfter(after: number): Promise<PublicRoom[]> {
    return (await listRoomsAfter.run(this.#pool, { after, size: newRoomsListed })).toReversed();
  }

  /**
   * Returns the last messages of a room, the oldest first, at most 1 MiB; undefined if not everybody may
   * read them.
   */
  async messages(channelId: number, size: number): Promise<RoomHistory | undefined> {
    const [age] = await readRoomAge.run(this.#pool, { channelId });
    if (age === undefined) return undefined;
    const rows = await readRoomMessages.run(this.#pool, { channelId, size, mostBytes: mostHistoryBytes });
    return { ...age, messages: rows.toReversed() };
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
