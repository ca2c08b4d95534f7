/** Files in S3, against two independent servers: the client of a bucket, and the gateway with it. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { readSettings } from '@parley/runtime';
import { FaultProxy, freePorts, type TestPerson, Trio, tinyPng, until } from '@parley/testkit';
import sharp from 'sharp';
import { readGatewayConfig } from '../src/config.js';
import { S3Bucket, type S3Config } from '../src/objects/s3-bucket.js';
import { interruptedMebibytes, loadSettings, uploadAtOnce, uploadInterrupted } from './file-load.js';
import {
  at,
  bearer,
  download,
  fileRig,
  mebibyte,
  newPeople,
  type Stored,
  sendForm,
  upload,
  usage,
} from './file-rig.js';
import { checkStrangers } from './file-strangers.js';
import { request } from './rest-client.js';
import { S3Server, s3Kinds } from './s3-servers.js';

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  trio = await Trio.start();
  fileRig.trio = trio;
  await trio.startUserService();
});
afterAll(() => trio?.stop());

const config: S3Config = {
  ...{ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', bucket: 'parley-files', keyId: 'a', secret: 'b' },
  ...{ usesPath: true, waitingBytes: 0 },
};
const problemAt = async (changed: Partial<S3Config>) => {
  const bucket = await S3Bucket.open({ ...config, ...changed });
  return bucket.check().then(
    () => 'none',
    ({ message }: Error) => message,
  );
};

test('settings of S3 that are set by halves are refused in one sentence that names the others', () => {
  const base = { PARLEY_DATABASE_URL: 'postgres://x/y' };
  const read = (env: Record<string, string>) => () => readGatewayConfig(readSettings({ ...base, ...env })).s3;
  expect(read({})()).toBeUndefined();
  expect(read({ PARLEY_S3_BUCKET: 'files', PARLEY_S3_KEY_ID: 'k' })).toThrow(
    /^S3 also needs PARLEY_S3_ENDPOINT and PARLEY_S3_SECRET\. Set all/,
  );
  const all = { PARLEY_S3_BUCKET: 'files', PARLEY_S3_KEY_ID: 'k', PARLEY_S3_SECRET: 's' };
  expect(read({ ...all, PARLEY_S3_ENDPOINT: 'https://x' })()).toMatchObject({ bucket: 'files', usesPath: true });
  expect(read({ ...all, PARLEY_S3_ENDPOINT: 'x' })).toThrow(/^PARLEY_S3_ENDPOINT \(URL\): /m);
});

test('a bucket that is not reached is a problem that says so', async () => {
  expect(await problemAt({})).toBe(
    'S3 at http://127.0.0.1:1 does not respond. Check PARLEY_S3_ENDPOINT and the network; Parley tries again.',
  );
  expect(await problemAt({ usesPath: false, endpoint: 'http://localhost:1' })).toContain('does not respond');
});

/** Waits until the bytes of all files are in S3 alone. */
async function allMoved(): Promise<void> {
  await until(async () => {
    const [row] = await trio.people.sql(
      'SELECT count(*) FILTER (WHERE NOT in_s3 AND size > 0)::int AS waiting, (SELECT count(*) FROM chat.file_chunk)::int AS pieces FROM chat.file',
    );
    return row?.waiting === 0 && row?.pieces === 0;
  });
}

const objectOf = async (fileId: string) =>
  String((await trio.people.sql('SELECT id FROM chat.object WHERE file_id = $1', [fileId]))[0]?.id);
const metricOf = async (name: string) => {
  const text = await (await fetch(`http://${fileRig.gateway.admin}/metrics`)).text();
  return new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];
};

describe.each(s3Kinds)('$name', (kind) => {
  const given = kind.isInstalled ? test : test.skip;
  let server: S3Server;
  let bucket: S3Bucket;
  let link: FaultProxy;
  let target: string;

  const start = async (env: Record<string, string> = {}) => {
    const admin = { PARLEY_ADMIN_PORT: String(await freePorts(1)) };
    fileRig.gateway = await trio.startGateway({ ...server.settings(link.address), ...loadSettings, ...admin, ...env });
  };

  beforeAll(async () => {
    if (!kind.isInstalled) return;
    server = await S3Server.start(kind);
    target = server.address;
    link = await FaultProxy.open(() => target);
    bucket = await S3Bucket.open(server.config);
    await start({ PARLEY_S3_WAITING_BYTES: '1000' });
    [ann, bob] = await newPeople();
  });
  afterAll(async () => {
    await fileRig.gateway?.stop();
    await trio.people.sql('DELETE FROM chat.object; DELETE FROM chat.file');
    await link?.close();
    await server?.stop();
  });

  given('an object is stored whole, read by range and deleted; other objects do not exist', async () => {
    const bytes = randomBytes(300_000);
    const object = { key: 'a', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    const signal = AbortSignal.timeout(60_000);
    await bucket.put({ ...object, bytes: Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]), signal });
    expect((await bucket.read('a', 0, 299_999))?.equals(bytes)).toBe(true);
    expect((await bucket.read('a', 100, 109))?.equals(bytes.subarray(100, 110))).toBe(true);
    const short = bucket.put({ ...object, key: 'b', bytes: Readable.from([bytes.subarray(0, 70_000)]), signal });
    await expect(short).rejects.toThrow('does not respond');
    expect(bucket.problem).toBeDefined();
    await bucket.delete('b'); // s3rver keeps what has arrived
    expect(bucket.problem).toBeUndefined();
    const broken = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 10);
        throw new Error('the database broke');
      })(),
    );
    await expect(bucket.put({ ...object, key: 'b', bytes: broken, signal })).rejects.toThrow('the database broke');
    expect(bucket.problem).toBeUndefined();
    await bucket.delete('b');
    await bucket.delete('a');
    await bucket.delete('a');
    expect(await bucket.read('a', 0, 9)).toBeUndefined();
    await bucket.check();
  });

  given('a wrong bucket, key or secret is a problem that names the setting', async () => {
    const unknown = await problemAt({ ...server.config, keyId: 'x' });
    expect(unknown).toBe('S3 does not know the key. Correct PARLEY_S3_KEY_ID.');
    const other = await problemAt({ ...server.config, bucket: 'other' });
    if (!kind.checksSignatures)
      return void expect(other).toBe('S3 has no bucket other. Create it, or correct PARLEY_S3_BUCKET.');
    expect(other).toBe(
      'S3 denies access to bucket other. Allow the key s3:PutObject, s3:GetObject and s3:DeleteObject.',
    );
    const started = trio.startGateway({ ...server.settings(), PARLEY_S3_SECRET: 'x' });
    await expect(started).rejects.toThrow('S3 does not accept the secret of the key. Correct PARLEY_S3_SECRET.');
  });

  given(
    'files move into S3 with their ranges, thumbnails and readers, and leave it when they are deleted',
    async () => {
      const film = randomBytes(1_300_000);
      const photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: 'red' } })
        .png()
        .toBuffer();
      const { json } = await sendForm(ann, ['film.bin', film], ['photo.png', photo], ['empty', Buffer.alloc(0)]);
      const [first, picture, empty] = (json as unknown as { files: [Stored, Stored, Stored] }).files;
      const before = (await download(ann, picture.id)).bytes;
      await allMoved();
      expect((await download(ann, first.id)).bytes.equals(film)).toBe(true);
      expect((await download(ann, picture.id)).bytes.equals(before)).toBe(true);
      expect((await download(ann, empty.id)).bytes).toHaveLength(0);
      for (const [range, from, to] of [
        ['bytes=0-0', 0, 1],
        ['bytes=524280-1100000', 524_280, 1_100_001],
        ['bytes=-7', 1_299_993, 1_300_000],
      ] as const) {
        const part = await download(ann, first.id, { range });
        expect([range, part.status, part.bytes.equals(film.subarray(from, to))]).toEqual([range, 206, true]);
      }
      expect((await download(ann, first.id, { range: 'bytes=1300000-' })).status).toBe(416);
      expect((await download(bob, first.id)).status).toBe(404);
      const thumbnail = await fetch(at(`/files/${picture.id}/thumbnail`), { headers: bearer(ann) });
      expect((await sharp(await thumbnail.arrayBuffer()).metadata()).width).toBe(640);
      const objects = await Promise.all([objectOf(first.id), objectOf(picture.id)]);
      for (const id of objects) expect(await bucket.read(id, 0, 0)).toHaveLength(1);
      for (const { id } of [first, picture, empty])
        expect((await request(at(`/files/${id}`), 'DELETE', { token: ann.token })).status).toBe(204);
      await until(async () => (await trio.people.sql('SELECT FROM chat.object')).length === 0);
      for (const id of objects) expect(await bucket.read(id, 0, 0)).toBeUndefined();
      expect(await usage(ann)).toEqual({ bytes: 0, files: 0 });
    },
  );

  given('while S3 is away, files arrive and wait; downloads say so; afterwards everything is there', async () => {
    const [moved, waiting] = [randomBytes(2_000), randomBytes(3_000)];
    const { id } = await upload(ann, 'moved', moved);
    await allMoved();
    target = '127.0.0.1:1';
    link.reset();
    const away = await download(ann, id);
    expect([away.status, JSON.parse(String(away.bytes)).reason]).toEqual([503, 'files-away']);
    const { id: later } = await upload(ann, 'waiting', waiting);
    expect((await download(ann, later)).bytes.equals(waiting)).toBe(true);
    await until(async () => (await metricOf('parley_s3_up')) === '0');
    await until(async () => (await metricOf('parley_files_waiting_bytes')) === '3000');
    const refused = await sendForm(ann, ['more', waiting]);
    expect([refused.status, refused.json.reason]).toEqual([503, 'files-away']);
    target = server.address;
    await until(async () => (await metricOf('parley_s3_up')) === '1');
    await trio.people.sql('UPDATE chat.object SET lease_until = now()'); // otherwise it waits for a minute
    await allMoved();
    expect((await download(ann, id)).bytes.equals(moved)).toBe(true);
    expect((await download(ann, later)).bytes.equals(waiting)).toBe(true);
    await until(() => fileRig.gateway.output.includes('does not respond. Check PARLEY_S3_ENDPOINT'));
    await until(() => fileRig.gateway.output.includes('S3 serves requests again'));
  });

  given('every kind of stranger reads a file in S3 as its message', () => checkStrangers(allMoved, tinyPng));

  given('many uploads at once move in bounded memory', () => uploadAtOnce(allMoved));

  if (process.env.TEST_UPLOAD_MIB !== undefined)
    given('a large upload that is interrupted 20 times moves', async () => {
      const bytes = randomBytes(interruptedMebibytes * mebibyte);
      const id = await uploadInterrupted(ann, bytes);
      await allMoved();
      expect((await download(ann, id)).bytes.equals(bytes)).toBe(true);
    });

  given('a gateway that is killed while files move loses none, and leaves no object of a deleted file', async () => {
    const bytes = randomBytes(200_000);
    const [kept, deleted] = [await upload(ann, 'x', Buffer.from('x')), await upload(ann, 'y', Buffer.from('y'))];
    await allMoved();
    link.set({ hole: true }, ['down']); // S3 stores, and its response never arrives
    const [one, two] = [await upload(ann, 'one', bytes), await upload(ann, 'two', bytes)];
    await until(async () => (await bucket.read(await objectOf(one.id), 0, 0).catch(() => undefined)) !== undefined);
    await until(async () => (await bucket.read(await objectOf(two.id), 0, 0).catch(() => undefined)) !== undefined);
    const [orphan, other] = await Promise.all([objectOf(two.id), objectOf(deleted.id)]);
    fileRig.gateway.kill('SIGKILL');
    await fileRig.gateway.exited;
    link.heal();
    link.reset();
    await start();
    expect((await download(ann, one.id)).bytes.equals(bytes)).toBe(true);
    for (const { id } of [two, deleted]) await request(at(`/files/${id}`), 'DELETE', { token: ann.token });
    await trio.people.sql('UPDATE chat.object SET lease_until = now()'); // otherwise it waits for the end of the lease
    await allMoved();
    await until(async () => (await trio.people.sql('SELECT FROM chat.object WHERE file_id IS NULL')).length === 0);
    for (const id of [orphan, other]) expect(await bucket.read(id, 0, 0)).toBeUndefined();
    expect((await download(ann, one.id)).bytes.equals(bytes)).toBe(true);
    expect(String((await download(ann, kept.id)).bytes)).toBe('x');
  });

  given('without the settings of S3, a gateway starts, and says that files cannot be read', async () => {
    const { id } = await upload(ann, 'moved', Buffer.from('moved'));
    await allMoved();
    await fileRig.gateway.stop();
    fileRig.gateway = await trio.startGateway();
    const away = await download(ann, id);
    expect([away.status, JSON.parse(String(away.bytes)).reason]).toEqual([503, 'files-away']);
    await until(() => fileRig.gateway.output.includes('files are in S3, which is not set'));
    await fileRig.gateway.stop();
    target = '127.0.0.1:1';
    await start();
    await until(() => fileRig.gateway.output.includes('does not respond'));
    target = server.address;
  });
});
