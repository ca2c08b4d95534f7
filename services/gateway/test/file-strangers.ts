import { type TestPerson, until } from '@parley/testkit';
import { at, fileRig, type Stored, upload } from './file-rig.js';
import { request } from './rest-client.js';

/** Everybody who may want a file, and the status of its download. Each sees a file as its message. */
const statuses = {
  ...{ owner: 200, member: 200, blocked: 200 },
  ...{ 'member who left after the message': 200, 'member who was removed after the message': 200 },
  ...{ 'member who was removed before the message': 404, 'member who joined after the message': 404 },
  ...{
    'member who was banned after the message': 200,
    'user of no chat': 404,
    guest: 404,
    nobody: 401,
    'holder of no token': 401,
  },
  ...{ 'user with an expired session': 401, 'user who logged out': 401, 'suspended user': 401, 'deleted user': 401 },
} as const;
type Who = keyof typeof statuses;
const all = Object.keys(statuses) as Who[];
const later: ReadonlySet<Who> = new Set(['member who joined after the message', 'user of no chat', 'guest']);

let rounds = 0;

async function makePeople(): Promise<Map<Who, TestPerson>> {
  rounds += 1;
  const { people } = fileRig.trio;
  const made = await people.makeMany(`stranger-${rounds}`, all.length);
  return new Map(all.map((who, index) => [who, made[index] as TestPerson]));
}

/** What happens to people after the message. */
async function change(of: (who: Who) => TestPerson, channel: number): Promise<void> {
  const { people } = fileRig.trio;
  const owner = of('owner').token;
  const member = (who: Who) => at(`/channels/${channel}/members/${of(who).id}`);
  const done = [
    await request(at(`/users/${of('blocked').id}/block`), 'PUT', { token: owner }),
    await request(member('member who left after the message'), 'DELETE', {
      token: of('member who left after the message').token,
    }),
    await request(member('member who was removed after the message'), 'DELETE', { token: owner }),
    await request(member('member who was banned after the message'), 'PATCH', {
      token: owner,
      json: { ban_until: new Date(Date.now() + 3_600_000).toISOString() },
    }),
    await request(at(`/channels/${channel}/members`), 'POST', {
      token: owner,
      json: { user_ids: [of('member who joined after the message').id] },
    }),
    await request(at('/sessions/current'), 'DELETE', { token: of('user who logged out').token }),
  ];
  expect(done.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
  const [admin] = await people.makeMany(`operator-${rounds}`, 1);
  await people.sql("UPDATE chat.users SET role = 'admin' WHERE id = $1", [admin?.id]);
  for (const [sql, who] of [
    [`UPDATE chat.session SET expires_at = now() WHERE user_id = $1`, 'user with an expired session'],
    [`SELECT chat.set_user('${admin?.id}', $1, NULL, 'suspended')`, 'suspended user'],
    [`SELECT chat.delete_user('${admin?.id}', $1, false)`, 'deleted user'],
    [
      `INSERT INTO chat.guest (user_id, name, is_numbered, instance_id, network) VALUES ($1, 'guest-${rounds}', false, gen_random_uuid(), 'x')`,
      'guest',
    ],
  ] as const)
    await people.sql(sql, [of(who).id]);
}

/**
 * Posts a picture into a group, and downloads it as everybody, in all three ways. Then deletes the
 * account of its owner with all messages, after which nobody may read the file.
 */
export async function checkStrangers(afterPost: (file: Stored) => Promise<void>, picture: Buffer): Promise<void> {
  const people = await makePeople();
  const of = (who: Who) => people.get(who) as TestPerson;
  const owner = of('owner');
  const group = { name: 'g', kind: 'group', closed_history: true };
  const { json } = await request(at('/channels'), 'POST', { token: owner.token, json: group });
  const members = all.filter((who) => who !== 'owner' && !later.has(who)).map((who) => of(who).id);
  await request(at(`/channels/${json.id}/members`), 'POST', { token: owner.token, json: { user_ids: members } });
  const removed = at(`/channels/${json.id}/members/${of('member who was removed before the message').id}`);
  await request(removed, 'DELETE', { token: owner.token });
  const file = await upload(owner, 'p.png', picture);
  const sent = { token: owner.token, json: { file_ids: [file.id] } };
  const posted = await request(at(`/channels/${json.id}/messages`), 'POST', sent);
  expect(posted.status).toBe(201);
  await afterPost(file);
  await change(of, json.id);
  const tokenOf = (who: Who) =>
    who === 'nobody' ? {} : { token: who === 'holder of no token' ? 'a.b.c' : of(who).token };
  const read = (who: Who) =>
    Promise.all(
      ['/content', '/thumbnail', ''].map(
        async (path) => (await request(at(`/files/${file.id}${path}`), 'GET', tokenOf(who))).status,
      ),
    );
  for (const who of all) {
    // A service learns of the end of a session within a second.
    if (statuses[who] === 401) await until(async () => (await read(who))[0] === 401);
    expect([who, ...(await read(who))]).toEqual([who, ...Array(3).fill(statuses[who])]);
    const message = await request(at(`/channels/${json.id}/messages/${posted.json.seq}`), 'GET', tokenOf(who));
    expect([who, message.status === 200]).toEqual([who, statuses[who] === 200]);
  }
  const [operator] = await fileRig.trio.people.sql("SELECT id FROM chat.users WHERE role = 'admin' LIMIT 1");
  await fileRig.trio.people.sql('SELECT chat.delete_user($1, $2, true)', [operator?.id, owner.id]);
  await until(async () => (await read('member'))[0] === 404);
  for (const who of all)
    expect([who, (await read(who))[0]]).toEqual([who, statuses[who] === 401 ? 401 : who === 'owner' ? 401 : 404]);
  const [row] = await fileRig.trio.people.sql('SELECT stale_at <= now() AS is_stale FROM chat.file WHERE id = $1', [
    file.id,
  ]);
  expect(row?.is_stale ?? true).toBe(true);
}
