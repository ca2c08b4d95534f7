/** Files in messages: readers, senders, and deletion. */
import { type TestPerson, tinyPng } from '@parley/testkit';
import sharp from 'sharp';
import { Upload } from 'tus-js-client';
import { at, bearer, download, fileRig, mebibyte, newPeople, upload, usage, useFiles } from './file-rig.js';
import { checkStrangers } from './file-strangers.js';
import { request } from './rest-client.js';

let ann: TestPerson;
let bob: TestPerson;
let cy: TestPerson;

useFiles();
beforeEach(async () => {
  [ann, bob, cy] = await newPeople();
});

/** The cookie of files that a response sets. */
const cookieOf = (response: Awaited<ReturnType<typeof request>>) => String(response.headers.get('set-cookie'));
const cookiePath = '/sessions/current/file-cookie';

/** Makes a group of the first person, in which others see only what is said after they joined. */
async function group(owner: TestPerson, ...others: TestPerson[]): Promise<number> {
  const { json } = await request(at('/channels'), 'POST', {
    token: owner.token,
    json: { name: 'g', kind: 'group', closed_history: true },
  });
  for (const { id } of others) await add(owner, json.id, id);
  return json.id;
}

const add = (owner: TestPerson, channel: number, id: string) =>
  request(at(`/channels/${channel}/members`), 'POST', { token: owner.token, json: { user_ids: [id] } });

const post = (person: TestPerson, channel: number, json: object) =>
  request(at(`/channels/${channel}/messages`), 'POST', { token: person.token, json });

async function mayRead(...people: TestPerson[]): Promise<(id: string) => Promise<boolean[]>> {
  return async (id) => Promise.all(people.map(async (person) => (await download(person, id)).status === 200));
}

test('a file is read exactly where its message is: members, past members, later members, deletion and retention', async () => {
  const [a, b, c] = [ann, bob, cy];
  const channel = await group(a, b);
  const readers = await mayRead(a, b, c);
  const first = await upload(a, 'first.png', tinyPng);
  expect(await readers(first.id)).toEqual([true, false, false]); // only its owner, before it is posted
  const sent = await post(a, channel, { file_ids: [first.id] });
  expect(sent.status).toBe(201);
  expect(await readers(first.id)).toEqual([true, true, false]);
  const message = await request(at(`/channels/${channel}/messages/${sent.json.seq}`), 'GET', { token: b.token });
  expect(message.json).toMatchObject({ text: '', file_ids: [first.id] });
  expect((await request(at(`/files/${first.id}`), 'GET', { token: b.token })).json).toMatchObject({ posted: true });
  await add(a, channel, c.id); // after the message
  expect(await readers(first.id)).toEqual([true, true, false]);
  const second = await upload(a, 'second.png', tinyPng);
  await post(a, channel, { text: 'both', file_ids: [second.id, first.id] });
  expect(await readers(second.id)).toEqual([true, true, true]);
  expect(await readers(first.id)).toEqual([true, true, true]); // by the second message
  await request(at(`/channels/${channel}/members/${b.id}`), 'DELETE', { token: a.token });
  expect(await readers(second.id)).toEqual([true, true, true]); // a past member reads what was said before
  const third = await upload(a, 'third.png', tinyPng);
  const last = await post(a, channel, { file_ids: [third.id] });
  expect(await readers(third.id)).toEqual([true, false, true]);
  await request(at(`/channels/${channel}/members/${a.id}`), 'PATCH', { token: a.token, json: { role: 'member' } });
  await request(at(`/channels/${channel}/messages/${last.json.seq}`), 'DELETE', { token: a.token });
  expect(await readers(third.id)).toEqual([false, false, false]); // deleted: not even by its owner
  await fileRig.trio.people.sql('UPDATE chat.channel_head SET first_seq = last_seq + 1 WHERE channel_id = $1', [
    channel,
  ]);
  expect(await readers(second.id)).toEqual([false, false, false]); // retention has hidden the messages
});

test('every kind of stranger: each reads a file as its message, and nobody after the account of its owner is deleted with its messages', () =>
  checkStrangers(async () => {}, tinyPng));

test('only complete files of the sender can be sent, with a stored message, and their order stays', async () => {
  const channel = await group(ann, bob);
  const files = await Promise.all(['a', 'b', 'c'].map((name) => upload(ann, name, Buffer.from(name))));
  const ids = files
    .map(({ id }) => id)
    .sort()
    .reverse();
  const sent = await post(ann, channel, { text: 'three', file_ids: ids.map((id) => id.toUpperCase()) });
  const read = await request(at(`/channels/${channel}/messages/${sent.json.seq}`), 'GET', { token: bob.token });
  expect(read.json).toMatchObject({ file_ids: ids });
  const tus = { 'tus-resumable': '1.0.0', 'upload-length': '5' };
  const half = (await request(at('/uploads'), 'POST', { token: ann.token, headers: tus })).json.id;
  const theirs = (await upload(bob, 'theirs', tinyPng)).id;
  const one = String(ids[0]);
  for (const [fileIds, reason] of [
    [[half], 'file-not-found'],
    [[theirs], 'file-not-found'],
    [[one, theirs], 'file-not-found'],
    [['00000000-0000-4000-8000-000000000000'], 'file-not-found'],
    [['x'], 'invalid-message'],
    [[one, one], 'invalid-message'],
    [Array(11).fill(one), 'invalid-request'],
  ] as const)
    expect([fileIds, (await post(ann, channel, { text: 'x', file_ids: fileIds })).json.reason]).toEqual([
      fileIds,
      reason,
    ]);
  expect((await request(at(`/files/${one}`), 'DELETE', { token: ann.token })).json.reason).toBe('file-posted');
  expect((await post(ann, channel, {})).json.reason).toBe('invalid-message');
  const key = { 'idempotency-key': 'files-1' };
  const twice = (fileIds: string[]) =>
    request(at(`/channels/${channel}/messages`), 'POST', {
      token: ann.token,
      headers: key,
      json: { file_ids: fileIds },
    });
  const once = await twice([one]);
  expect((await twice([one])).json).toEqual(once.json);
  expect((await twice([String(ids[1])])).json.reason).toBe('client-id-reused');
});

test('a file whose last message is deleted is purged, and one that is still in a message is not', async () => {
  const channel = await group(ann, bob);
  const [kept, gone] = [await upload(ann, 'kept', tinyPng), await upload(ann, 'gone', tinyPng)];
  await post(ann, channel, { file_ids: [kept.id] });
  const { json } = await post(ann, channel, { file_ids: [gone.id, kept.id] });
  await request(at(`/channels/${channel}/messages/${json.seq}`), 'DELETE', { token: ann.token });
  const states = await fileRig.trio.people.sql(
    'SELECT id, stale_at IS NULL AS kept FROM chat.file WHERE id = ANY ($1) ORDER BY name DESC',
    [[kept.id, gone.id]],
  );
  expect(states).toEqual([
    { id: kept.id, kept: true },
    { id: gone.id, kept: false },
  ]);
});

const secret = 'Here-I-live';
/** A picture that is 60 pixels wide and 40 high, as a camera stores it that was held sideways. */
const photo = () =>
  sharp({ create: { width: 40, height: 60, channels: 3, background: 'red' } })
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Copyright: secret }, IFD3: { GPSLatitude: '52/1 31/1 0/1' } })
    .jpeg()
    .toBuffer();

/** Uploads a file with a stock tus client. Returns its id. */
async function uploadByTus(person: TestPerson, name: string, bytes: Buffer, chunkSize: number): Promise<string> {
  const one = await new Promise<Upload>((resolve, reject) => {
    const made = new Upload(bytes, {
      ...{
        endpoint: at('/uploads'),
        headers: bearer(person),
        metadata: { filename: name },
        chunkSize,
        retryDelays: null,
      },
      onError: reject,
      onSuccess: () => resolve(made),
    });
    made.start();
  });
  return String(one.url).split('/').at(-1) as string;
}

async function thumbnailOf(person: TestPerson, id: string) {
  const response = await fetch(at(`/files/${id}/thumbnail`), { headers: bearer(person) });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

test('a picture loses its metadata before anybody reads it, and has a thumbnail for those who may read it', async () => {
  const source = await photo();
  expect(source.includes(secret)).toBe(true);
  const ids = [(await upload(ann, 'a.jpg', source)).id, await uploadByTus(ann, 'b.jpg', source, 300)];
  for (const id of ids) {
    const { json } = await request(at(`/files/${id}`), 'GET', { token: ann.token });
    expect(json).toMatchObject({ content_type: 'image/jpeg', picture: { width: 60, height: 40 } });
    const { bytes, headers } = await download(ann, id);
    expect([bytes.includes(secret), headers.get('content-type'), bytes.length]).toEqual([
      false,
      'image/jpeg',
      Number((json as { size?: number }).size),
    ]);
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
    expect(
      await fileRig.trio.people.sql(
        'SELECT FROM chat.file_chunk WHERE file_id = $1 AND position($2::bytea IN data) > 0',
        [id, Buffer.from(secret)],
      ),
    ).toEqual([]);
  }
  const [id = ''] = ids;
  const channel = await group(ann, bob);
  expect((await thumbnailOf(bob, id)).status).toBe(404);
  await post(ann, channel, { file_ids: ids });
  const { status, type, bytes } = await thumbnailOf(bob, id);
  expect([status, type, (await sharp(bytes).metadata()).width]).toEqual([200, 'image/webp', 60]);
  expect((await thumbnailOf(cy, id)).status).toBe(404);
});

test('a file that cannot be decoded stays a download, byte for byte, without a thumbnail', async () => {
  const broken = (await photo()).subarray(0, 400);
  const { id, content_type: type, ...file } = await upload(ann, 'broken.jpg', broken);
  expect([type, file]).toEqual(['image/jpeg', expect.objectContaining({ picture: null, size: 400 })]);
  const { bytes, headers } = await download(ann, id);
  expect([bytes.equals(broken), headers.get('content-type')]).toEqual([true, 'application/octet-stream']);
  expect(headers.get('content-disposition')).toMatch(/^attachment/);
  expect((await thumbnailOf(ann, id)).status).toBe(404);
});

test('a picture whose pixels take more than what was uploaded stays within the quota', async () => {
  const edge = 900; // As PNG, these pixels take more than 2 MB.
  const pixels = Buffer.from(Array.from({ length: edge * edge * 3 }, (_, n) => (n * 2_654_435_761) >>> 24));
  const raw = sharp(pixels, { raw: { width: edge, height: edge, channels: 3 } });
  const small = await raw.jpeg({ quality: 1 }).toBuffer();
  const used = await upload(ann, 'a.bin', Buffer.alloc(4 * mebibyte));
  await upload(ann, 'b.bin', Buffer.alloc(4 * mebibyte - small.length - 1_000));
  const before = await usage(ann);
  await expect(upload(ann, 'small.jpg', small)).rejects.toThrow('file-quota');
  expect(await usage(ann)).toEqual(before);
  await request(at(`/files/${used.id}`), 'DELETE', { token: ann.token });
  const { size } = await upload(ann, 'small.jpg', small);
  expect(size).toBeGreaterThan(small.length + 1_000);
  expect((await usage(ann))?.bytes).toBe(4 * mebibyte - small.length - 1_000 + size);
});

test('an upload whose bytes have all arrived before its gateway ended is completed when the client asks for it', async () => {
  const source = await photo();
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(source.length) };
  const { json } = await request(at('/uploads'), 'POST', { token: ann.token, headers });
  const { people } = fileRig.trio;
  await people.sql('INSERT INTO chat.file_chunk (file_id, n, data) VALUES ($1, 0, $2)', [json.id, source]);
  await people.sql('UPDATE chat.file SET received = size WHERE id = $1', [json.id]);
  const both = [1, 2].map(() => request(at(`/uploads/${json.id}`), 'GET', { token: ann.token }));
  for (const { status, json: progress } of await Promise.all(both))
    expect([status, progress]).toEqual([200, expect.objectContaining({ complete: true })]);
  expect((await download(ann, json.id)).bytes.includes(secret)).toBe(false);
});

test('a cookie opens downloads with their ranges, by the same rules, for one session, and changes nothing', async () => {
  const channel = await group(ann, bob);
  const file = await upload(ann, 'photo.png', tinyPng);
  await post(ann, channel, { file_ids: [file.id] });
  const cookies: string[] = [];
  for (const { token } of [ann, bob, cy]) {
    const made = await request(at(cookiePath), 'PUT', { token });
    expect([made.status, cookieOf(made)]).toEqual([
      204,
      `parley_files=${token}; Path=/api/v1/files; Max-Age=604800; HttpOnly; SameSite=Strict`,
    ]);
    cookies.push(`other=1; ${cookieOf(made).split(';')[0]}`);
  }
  const [ours = '', theirs = '', strange = ''] = cookies;
  const open = (cookie: string, headers = {}, path = `/files/${file.id}/content`, method = 'GET') =>
    request(at(path), method, { headers: { cookie, ...headers } });
  const part = await open(theirs, { range: 'bytes=1-3' });
  expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'PNG', `bytes 1-3/${file.size}`]);
  expect((await open(theirs, { 'sec-fetch-site': 'same-origin' }, `/files/${file.id}/thumbnail`)).status).toBe(200);
  expect((await open(theirs, {}, undefined, 'HEAD')).status).toBe(200);
  expect((await open(strange)).status).toBe(404);
  for (const [headers, path, method] of [
    [{ 'sec-fetch-site': 'cross-site' }, undefined, 'GET'],
    [{ 'sec-fetch-site': 'same-site' }, undefined, 'GET'],
    [{}, `/files/${file.id}`, 'GET'],
    [{}, `/files/${file.id}`, 'DELETE'],
    [{}, '/files', 'POST'],
    [{}, '/uploads', 'POST'],
    [{}, '/me', 'GET'],
    [{}, cookiePath, 'PUT'],
  ] as const)
    expect([method, path, (await open(ours, headers, path, method)).status]).toEqual([method, path, 401]);
  expect((await open('parley_files=a b')).json.reason).toBe('invalid-token');
  const deleted = await request(at(cookiePath), 'DELETE', {
    token: bob.token,
    headers: { 'x-forwarded-proto': 'https' },
  });
  expect(cookieOf(deleted)).toBe('parley_files=; Path=/api/v1/files; Max-Age=0; HttpOnly; SameSite=Strict; Secure');
  await request(at('/sessions/current'), 'DELETE', { token: bob.token });
  expect((await open(theirs)).status).toBe(401); // The session has ended.
});
