import { randomUUID } from 'node:crypto';
import { Channel, ChannelService } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { insist, openTestDatabase, type TestDatabase, until } from '@parley/testkit';
import { outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let owner: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  await rig.startManager();
  owner = await rig.person();
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

afterEach(() => rig.clear());

const reason = (word: string) => expect.objectContaining({ reason: word });
const alternate = (n: number) => rig.managers[n % 2];

/** Listens until a chat server is live and the rate limit allows it. */
const patiently = <T>(listen: () => Promise<T>) => insist(listen, undefined, ['no-server', 'listen-too-often']);

describe('the response of Listen', () => {
  test('Listen returns the public address of the server, the token in body and header, and the join deadline', async () => {
    const server = await rig.server(0, '127.0.0.1:5001');
    const id = await rig.room(owner);
    const before = Date.now();
    const { headers, answer } = await rig.listenWithHeaders(owner, id);
    expect(answer.server).toMatchObject({ id: server.instanceId, addr: 'localhost:5000', name: 'one', tls: false });
    expect(answer.server).toMatchObject({ channels: [], internalAddr: '', state: 0, load: 0 });
    expect(headers.get('chat-token')).toEqual([answer.token]);
    expect(answer.connectBy).toBeGreaterThan(before + 8_000);
    expect(answer.connectBy).toBeLessThan(Date.now() + 12_000);
  });

  test('Listen returns a join token for that server whose jti is the seat', async () => {
    const server = await rig.server(0, '127.0.0.1:5001');
    const id = await rig.room(owner);
    const { token } = await rig.listen(owner, id);
    const { n } = await rig.one<{ n: number }>('SELECT number AS n FROM chat.users WHERE id = $1', owner.id);
    const seat = await rig.one<{ id: string }>('SELECT id FROM chat.seat WHERE user_id = $1', owner.id);
    const claims = await rig.readJoinToken(token, server.instanceId);
    expect(claims).toMatchObject({ sub: owner.id, num: n, sid: owner.sessionId, ch: id, jti: seat.id });
    expect(Buffer.from(claims.route, 'base64').toString()).toBe('127.0.0.1:5001');
    expect(Math.abs(claims.timestamp - Date.now())).toBeLessThan(20_000);
    await expect(rig.readJoinToken(token, randomUUID())).rejects.toEqual(reason('moved'));
  });
});

describe('Listen in a room', () => {
  test.each([1, 2, 3, 4, 5])('a room seats 25 of 26 concurrent callers over two managers, round %i', async () => {
    await rig.server();
    const id = await rig.room(owner);
    const people = await rig.persons(26);
    const { answers, reasons } = await outcomes(
      people.map((who, n) => patiently(() => rig.listen(who, id, alternate(n)))),
    );
    expect(answers).toHaveLength(25);
    expect(reasons).toEqual(['channel-full']);
    const { n } = await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.seat WHERE channel_id = $1', id);
    expect(n).toBe(25);
  });

  test("a room does not count the caller's own old seat, and refuses the 26th user", async () => {
    await rig.server();
    const id = await rig.room(owner, 2);
    const [a, b, c] = (await rig.persons(3)) as [Person, Person, Person];
    for (const who of [a, b]) {
      await rig.listen(who, id);
      expect(await rig.take(id, who.id)).toBe(true);
    }
    await expect(rig.listen(b, id)).resolves.toBeDefined();
    await expect(rig.listen(c, id)).rejects.toEqual(reason('channel-full'));
  });

  test('seats of a dead server do not fill a room', async () => {
    const first = await rig.server();
    const id = await rig.room(owner, 2);
    const [a, b, c, d] = (await rig.persons(4)) as [Person, Person, Person, Person];
    for (const who of [a, b]) {
      await rig.listen(who, id);
      expect(await rig.take(id, who.id)).toBe(true);
    }
    const second = await rig.server();
    await rig.kill(first);
    for (const who of [c, d]) {
      const answer = await patiently(() => rig.listen(who, id));
      expect(answer.server?.id).toBe(second.instanceId);
    }
    await expect(rig.listen(await rig.person(), id)).rejects.toEqual(reason('channel-full'));
  });

  test('an unused reservation lapses and frees its seat', async () => {
    await rig.server();
    const id = await rig.room(owner, 1);
    await rig.listen(owner, id);
    const other = await rig.person();
    await expect(rig.listen(other, id)).rejects.toEqual(reason('channel-full'));
    await rig.owner.query("UPDATE chat.seat SET join_by = now() - interval '5.1 s'");
    await expect(rig.listen(other, id)).resolves.toBeDefined();
  });

  test('a newer Listen in another room replaces the older seat', async () => {
    await rig.server();
    const [one, two] = [await rig.room(owner), await rig.room(owner)];
    const who = await rig.person();
    await rig.listen(who, one);
    await rig.take(one, who.id);
    await rig.listen(who, two);
    expect(await rig.take(one, who.id)).toBe(false);
    expect(await rig.take(two, who.id)).toBe(true);
  });
});

test('a Listen whose caller has left does not replace the seat of a newer one', async () => {
  await rig.server();
  const [held, free] = [await rig.room(owner), await rig.room(owner)];
  const who = await rig.person();
  const holder = await rig.owner.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM chat.channel WHERE id = $1 FOR UPDATE', [held]);
    let first = rig.startListen(who, held);
    const waits =
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await until(async () => {
      if ((await rig.one<{ n: number }>(waits)).n > 0) return true;
      if (first.ended) first = rig.startListen(who, held); // It waits for the lock for at most 2 s.
      return false;
    });
    first.leave();
    await rig.listen(who, free);
    await holder.query('ROLLBACK');
    await holder.query('SELECT FROM chat.channel WHERE id = $1 FOR UPDATE', [held]); // Waits for the first Listen.
  } finally {
    holder.release();
  }
  expect(await rig.one('SELECT channel_id AS id FROM chat.seat WHERE user_id = $1', who.id)).toEqual({ id: free });
});

describe('the rate limit', () => {
  test('the rate limit of Listen admits 4 of 50 concurrent calls, plus one per second elapsed', async () => {
    await rig.server();
    const id = await rig.room(owner);
    const who = await rig.person();
    const began = Date.now();
    const settled = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => rig.listen(who, id, alternate(n))));
    const seconds = (Date.now() - began) / 1_000;
    const passed = settled.filter(({ status }) => status === 'fulfilled').length;
    expect(passed).toBeGreaterThanOrEqual(4);
    expect(passed).toBeLessThanOrEqual(4 + Math.floor(seconds));
    for (const one of settled) {
      if (one.status === 'fulfilled') continue;
      expect(one.reason).toEqual(reason('listen-too-often'));
      expect(one.reason.retryAfterMs).toBeGreaterThan(0);
      expect(one.reason.retryAfterMs).toBeLessThanOrEqual(1_000);
    }
  });

  test('the rate limit of Listen gives a correct retry hint', async () => {
    await rig.server();
    const id = await rig.room(owner);
    const who = await rig.person();
    let refused: { readonly retryAfterMs: number } | undefined;
    await until(async () => {
      refused = await rig.listen(who, id).then(
        () => undefined,
        (thrown) => thrown,
      );
      return refused !== undefined;
    });
    expect(refused).toEqual(reason('listen-too-often'));
    await new Promise((resolve) => setTimeout(resolve, (refused?.retryAfterMs ?? 0) + 5));
    await expect(rig.listen(who, id)).resolves.toBeDefined();
  });
});

describe('the owning server of a channel', () => {
  test('200 concurrent first Listens over two managers give a channel one owning server', async () => {
    const servers = [await rig.server(), await rig.server(), await rig.server()];
    const id = await rig.room(owner);
    const people = await rig.persons(200);
    const { answers, reasons } = await outcomes(
      people.map(async (who, n) => {
        const answer = await patiently(() => rig.listen(who, id, alternate(n)));
        await rig.take(id, who.id); // Otherwise the seat lapses while a busy machine makes the other calls.
        return answer;
      }),
    );
    expect(answers).toHaveLength(25);
    expect(new Set(reasons)).toEqual(new Set(['channel-full']));
    const owners = new Set(answers.map(({ server }) => server?.id));
    expect(owners.size).toBe(1);
    expect(servers.map(({ instanceId }) => instanceId)).toContain([...owners][0]);
    expect(await rig.one('SELECT epoch FROM chat.channel_head WHERE channel_id = $1', id)).toEqual({ epoch: 1 });
  });

  test('the less loaded of two servers becomes the owning server', async () => {
    await rig.server(0.9);
    const idle = await rig.server(0.1);
    for (let n = 0; n < 5; n++) {
      const who = await rig.person();
      expect((await rig.listen(who, await rig.room(owner))).server?.id).toBe(idle.instanceId);
    }
  });

  test('a draining server keeps its channels and gets no new ones', async () => {
    const one = await rig.server();
    const id = await rig.room(owner);
    await rig.listen(await rig.person(), id);
    await rig.owner.query("UPDATE chat.server SET state = 'draining' WHERE instance_id = $1", [one.instanceId]);
    expect((await rig.listen(await rig.person(), id)).server?.id).toBe(one.instanceId);
    await expect(rig.listen(await rig.person(), await rig.room(owner))).rejects.toEqual(reason('no-server'));
  });

  test('Listen without any chat server is refused, with a retry hint of a second', async () => {
    const refused = await rig.listen(owner, await rig.room(owner)).catch((thrown) => thrown);
    expect(refused).toEqual(reason('no-server'));
    expect(refused.retryAfterMs).toBe(1_000);
  });
});

/** Calls Listen until the database responds, and returns the refusal. */
async function lockedOut(id: number): Promise<unknown> {
  const request = Channel.fromPartial({ id });
  const options = { token: owner.token, withinMs: 30_000 };
  for (;;) {
    const refused = await callUnary(rig.manager, ChannelService.listen, request, options).catch((thrown) => thrown);
    if (refused.reason !== 'database-away') return refused;
  }
}

test('Listen is refused with too-busy only for the channel whose row is locked', async () => {
  await rig.server();
  const [held, free] = [await rig.room(owner), await rig.room(owner)];
  const holder = await rig.owner.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM chat.channel WHERE id = $1 FOR UPDATE', [held]);
    const waiting = lockedOut(held);
    await expect(rig.listen(await rig.person(), free)).resolves.toBeDefined();
    expect(await waiting).toMatchObject({ reason: 'too-busy', retryAfterMs: expect.any(Number) });
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
});

describe('Listen', () => {
  async function chat(kind: string, ...members: readonly Person[]): Promise<number> {
    const { id } = await rig.one<{ id: number }>(
      'INSERT INTO chat.channel (name, kind, owner_id, user_limit) VALUES ($1, $2, $3, 1000) RETURNING id',
      kind,
      kind,
      owner.id,
    );
    for (const { id: user } of members) {
      await rig.owner.query('INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, $2, 0)', [id, user]);
    }
    return id;
  }

  test('a member of a chat can listen on two devices', async () => {
    await rig.server();
    const id = await chat('group', owner);
    await rig.listen(owner, id);
    await rig.listen(owner, id);
    const { n } = await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.seat WHERE channel_id = $1', id);
    expect(n).toBe(2);
  });

  test('Listen tells outsiders to join a public chat, tells banned users of the ban, and hides other chats', async () => {
    await rig.server();
    const [stranger, past, banned] = (await rig.persons(3)) as [Person, Person, Person];
    for (const [kind, word, toBanned] of [
      ['public', 'not-a-member', 'banned'],
      ['group', 'channel-not-found', 'channel-not-found'],
      ['private', 'channel-not-found', 'channel-not-found'],
    ] as const) {
      const id = await chat(kind, past, banned);
      await rig.owner.query('UPDATE chat.member SET left_seq = 0 WHERE channel_id = $1 AND user_id = $2', [
        id,
        past.id,
      ]);
      await rig.owner.query("UPDATE chat.member SET banned_until = 'infinity' WHERE channel_id = $1 AND user_id = $2", [
        id,
        banned.id,
      ]);
      for (const who of [stranger, past]) await expect(rig.listen(who, id)).rejects.toEqual(reason(word));
      await expect(rig.listen(banned, id)).rejects.toEqual(reason(toBanned));
    }
  });

  test('Listen refuses a user who is banned from the room', async () => {
    await rig.server();
    const id = await rig.room(owner);
    const who = await rig.person();
    await rig.owner.query(
      "INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until) VALUES ($1, $2, 0, 0, now() + interval '1 h')",
      [id, who.id],
    );
    await expect(rig.listen(who, id)).rejects.toEqual(reason('banned'));
  });

  test('a user has at most 20 seats in chats, even after concurrent Listens', async () => {
    const server = await rig.server();
    const who = await rig.person();
    const ids = await Promise.all(Array.from({ length: 23 }, () => chat('group', who)));
    for (let round = 0; round < 10; round++) {
      await rig.owner.query('TRUNCATE chat.seat, chat.rate');
      await rig.owner.query(
        `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
         SELECT gen_random_uuid(), $1, id, $2, 1, false, true, now() FROM unnest($3::int[]) id`,
        [who.id, server.instanceId, ids.slice(0, 19)],
      );
      const { answers, reasons } = await outcomes(ids.slice(19).map((id, n) => rig.listen(who, id, alternate(n))));
      expect(answers).toHaveLength(1);
      expect(reasons).toEqual(Array(3).fill('too-many-seats'));
    }
  });

  test.each([0, 2_147_483_648, 4_294_967_295])('Listen refuses the channel id %i', async (id) => {
    await expect(rig.listen(owner, id)).rejects.toEqual(reason('invalid-channel-id'));
  });

  test('Listen refuses an unknown channel id', async () => {
    await expect(rig.listen(owner, 2_147_483_647)).rejects.toEqual(reason('channel-not-found'));
  });
});
