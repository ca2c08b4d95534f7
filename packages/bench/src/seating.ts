import { randomUUID } from 'node:crypto';
import { createPool, DatabaseClock, type Pool } from '@parley/database';
import { type JoinClaims, joinToken, SigningKey } from '@parley/service-kit';
import type { Trio } from '@parley/testkit';
import type { BenchSeat } from './load/job.js';
import type { BenchAudience } from './shapes.js';

const makePeople = `INSERT INTO chat.users (id, name, password_hash)
  SELECT $3::text || '-' || c || '-' || u, 'bench', '!' FROM generate_series(1, $1::int) c, generate_series(1, $2::int) u
  RETURNING id, number`;
const makeChannels = `INSERT INTO chat.channel (name, owner_id, user_limit, kind, retention_seconds)
  SELECT $1::text || '-' || c, $1::text || '-' || c || '-1', $3::int, $4::chat.channel_kind, $5::int
  FROM generate_series(1, $2::int) c ORDER BY c RETURNING id, name`;
const ownChannels = `UPDATE chat.channel_head h SET instance_id = o.instance_id, epoch = h.epoch + 1
  FROM unnest($1::int[], $2::uuid[]) AS o (channel_id, instance_id) WHERE h.channel_id = o.channel_id`;
const makeMembers = `INSERT INTO chat.member (channel_id, user_id, joined_seq)
  SELECT c.id, c.name || '-' || u, 0 FROM chat.channel c, generate_series(1, $2::int) u WHERE c.id = ANY ($1::int[])`;
const makeSeats = `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, join_by)
  SELECT gen_random_uuid(), c.name || '-' || u, c.id, o.instance_id, h.epoch + 1, c.kind = 'room', now() + interval '10 minutes'
  FROM unnest($1::int[], $2::uuid[]) AS o (channel_id, instance_id) JOIN chat.channel c ON c.id = o.channel_id
  JOIN chat.channel_head h ON h.channel_id = c.id, generate_series(1, $3::int) u
  ORDER BY c.id, u RETURNING id, user_id, channel_id`;
const servers = `SELECT instance_id AS "instanceId", addr AS address FROM chat.server WHERE addr = ANY ($1::text[]) ORDER BY addr`;

interface SeatRow {
  readonly id: string;
  readonly user_id: string;
  readonly channel_id: number;
}

interface Owner {
  readonly instanceId: string;
  readonly address: string;
}

/** Creates users and channels by SQL, and signs their join tokens as a manager would. */
export class Seating {
  readonly #trio: Trio;
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  readonly #key: SigningKey<JoinClaims>;
  #rounds = 0;

  private constructor(trio: Trio, pool: Pool, clock: DatabaseClock) {
    this.#trio = trio;
    this.#pool = pool;
    this.#clock = clock;
    this.#key = new SigningKey(joinToken, randomUUID(), pool, clock);
  }

  static async open(trio: Trio): Promise<Seating> {
    const pool = createPool({ url: trio.database.urlFor('chat_manager'), applicationName: 'bench', max: 1 });
    return new Seating(trio, pool, await DatabaseClock.start(pool));
  }

  /** Creates users and channels, spread over the chat servers, with a seat for each user. */
  async seat({ channels, users, isStored = false }: BenchAudience): Promise<BenchSeat[]> {
    const { people } = this.#trio;
    this.#rounds += 1;
    const prefix = `b${this.#rounds}`;
    const numbers = await people.sql(makePeople, [channels, users, prefix]);
    const kind = users > 25 ? 'group' : 'room';
    const made = await people.sql(makeChannels, [prefix, channels, users, kind, isStored ? null : 0]);
    const ids = made.map(({ id }) => Number(id));
    const owners = await this.#owners(channels);
    const instanceIds = owners.map(({ instanceId }) => instanceId);
    if (kind === 'group') await people.sql(makeMembers, [ids, users]);
    const rows = (await people.sql(makeSeats, [ids, instanceIds, users])) as unknown as SeatRow[];
    await people.sql(ownChannels, [ids, instanceIds]); // The seats must already exist, because a server gives back an empty channel.
    const numberOf = new Map(numbers.map(({ id, number }) => [String(id), Number(number)]));
    return Promise.all(
      rows.map(async (row) => {
        const channel = ids.indexOf(row.channel_id);
        const { address, instanceId } = owners[channel] as Owner;
        return { channel, address, headers: await this.#sign(row, numberOf.get(row.user_id) ?? 1, instanceId) };
      }),
    );
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** Returns the owning server of each channel. */
  async #owners(channels: number): Promise<Owner[]> {
    const { people, chatServers } = this.#trio;
    const found = (await people.sql(servers, [chatServers.map(({ grpc }) => grpc)])) as unknown as Owner[];
    return Array.from({ length: channels }, (_, at) => found[at % found.length] as Owner);
  }

  async #sign(row: SeatRow, number: number, instanceId: string): Promise<BenchSeat['headers']> {
    const claims = {
      sub: row.user_id,
      num: number,
      sid: randomUUID(),
      ch: row.channel_id,
      jti: row.id,
      route: '',
      timestamp: Math.floor(this.#clock.now()),
    };
    const token = await this.#key.sign(claims, instanceId);
    return { authorization: `Bearer ${token}` };
  }
}
