/** Files over REST: uploads by form and by tus, downloads, refusals, and the files that remain. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { type TestPerson, tinyPng, until } from '@parley/testkit';
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
  stored,
  upload,
  usage,
  useFiles,
} from './file-rig.js';
import { request } from './rest-client.js';

let ann: TestPerson;
let bob: TestPerson;

useFiles(loadSettings);
beforeEach(async () => {
  [ann, bob] = await newPeople();
});

/** Returns the status of a download of a file and of its thumbnail. */
async function statusesOf({ token }: TestPerson, id: string): Promise<number[]> {
  const paths = ['content', 'thumbnail'].map((part) => at(`/files/${id}/${part}`));
  return Promise.all(
    paths.map(async (path) => (await fetch(path, { headers: { authorization: `Bearer ${token}` } })).status),
  );
}

test('the picture of a user is for those who may see the profile', async () => {
  const [mine, other] = [await upload(ann, 'me.png', tinyPng), await upload(ann, 'other.png', tinyPng)];
  const change = async (json: Record<string, unknown>) =>
    expect((await request(at('/me'), 'PATCH', { token: ann.token, json })).status).toBe(200);
  expect(await statusesOf(bob, mine.id)).toEqual([404, 404]);
  await change({ avatar_id: mine.id });
  expect(await statusesOf(bob, mine.id)).toEqual([200, 200]);
  expect(await statusesOf(bob, other.id)).toEqual([404, 404]);
  await change({ visibility: 'nobody' });
  expect([await statusesOf(ann, mine.id), await statusesOf(bob, mine.id)]).toEqual([
    [200, 200],
    [404, 404],
  ]);
  await change({ visibility: 'everyone' });
  expect(await statusesOf(bob, mine.id)).toEqual([200, 200]);
  await change({ avatar_id: other.id });
  expect([await statusesOf(bob, mine.id), await statusesOf(bob, other.id)]).toEqual([
    [404, 404],
    [200, 200],
  ]);
  await change({ avatar_id: null });
  expect(await statusesOf(bob, other.id)).toEqual([404, 404]);
});

/** Returns a file of a form with the boundary `x`. */
const part = (name: string, text: string) =>
  `--x\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${text}\r\n`;

/** Sends bytes unchanged, and returns the start of the response. */
function raw(head: string, body: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(fileRig.gateway.http).port), '127.0.0.1');
  socket.on('error', () => {}).write(`${head}\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`);
  socket.write(body);
  return new Promise((resolve) => {
    let text = '';
    const end = () => resolve(text);
    socket.on('data', (bytes) => {
      text += bytes;
      if (text.includes('\r\n\r\n')) socket.end();
    });
    socket.once('close', end);
  });
}

test('a form of files is stored, described and downloaded byte for byte, by its owner only', async () => {
  const bytes = randomBytes(3 * mebibyte);
  const { status, json } = await sendForm(
    ann,
    ['a.bin', bytes],
    ['pixel.png', tinyPng],
    ['empty.txt', Buffer.alloc(0)],
  );
  expect(status).toBe(201);
  const files = (json as unknown as { files: Stored[] }).files;
  expect(files).toMatchObject([
    { name: 'a.bin', size: bytes.length, content_type: 'application/octet-stream', posted: false },
    { name: 'pixel.png', content_type: 'image/png', picture: { width: 1, height: 1 } },
    { name: 'empty.txt', size: 0 },
  ]);
  const [, { size: storedBytes = 0 } = {}] = files;
  for (const [index, expected] of [bytes, undefined, Buffer.alloc(0)].entries()) {
    const got = await download(ann, String(files[index]?.id));
    // The bytes of a picture are written again, without its metadata.
    const isSame = expected === undefined ? got.bytes.length === storedBytes : got.bytes.equals(expected);
    expect([got.status, isSame]).toEqual([200, true]);
    for (const id of [files[index]?.id, 'no-uuid'])
      for (const path of ['', '/content', '/thumbnail']) {
        const strange = await request(at(`/files/${id}${path}`), 'GET', { token: bob.token });
        expect([strange.status, strange.json.reason]).toEqual([404, 'file-not-found']);
      }
  }
  expect(await usage(ann)).toEqual({ bytes: bytes.length + storedBytes, files: 3 });
  for (const { id } of files) {
    expect((await request(at(`/files/${id}`), 'DELETE', { token: bob.token })).json.reason).toBe('file-not-found');
    expect((await request(at(`/files/${id}`), 'DELETE', { token: ann.token })).status).toBe(204);
  }
  expect(await usage(ann)).toEqual({ bytes: 0, files: 0 });
});

test('a part with a filename is a file, whatever its name, and other fields are ignored', async () => {
  const part = (disposition: string, text: string) =>
    `--x\r\nContent-Disposition: form-data${disposition}\r\n\r\n${text}\r\n`;
  const body = `${part('; name="note"', 'ignored')}${part('; filename="é.txt"', 'one')}${part('; name="any"; filename="b.txt"', 'two')}--x--\r\n`;
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const { status, json } = await request(at('/files'), 'POST', { token: ann.token, body, headers });
  expect([status, (json as unknown as { files: Stored[] }).files.map(({ name }) => name)]).toEqual([
    201,
    ['é.txt', 'b.txt'],
  ]);
});

test('names are cleaned, and types follow from the content', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  const html = Buffer.from('<!doctype html><script>alert(1)</script>');
  const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.from('<script>alert(1)</script>')]);
  const cases: [given: string, bytes: Buffer, name: string, type: string, served: string, disposition: string][] = [
    ['../../etc/passwd', Buffer.from('root'), 'passwd', 'text/plain', 'application/octet-stream', 'attachment'],
    ['C:\\dir\\a.png', svg, 'a.png', 'text/plain', 'application/octet-stream', 'attachment'],
    ['photo\u202Egnp.exe', html, 'photognp.exe', 'text/plain', 'application/octet-stream', 'attachment'],
    [
      'a\u0000\u0007\u200Bb\u061C.txt',
      Buffer.from('x'),
      'ab.txt',
      'text/plain',
      'application/octet-stream',
      'attachment',
    ],
    ['..', Buffer.from([0]), 'file', 'application/octet-stream', 'application/octet-stream', 'attachment'],
    ['CON.txt', Buffer.from('x'), 'file-CON.txt', 'text/plain', 'application/octet-stream', 'attachment'],
    ['<b>"x"|?*.html', gif, '_b__x____.html', 'image/gif', 'application/octet-stream', 'attachment'],
    ['日本語.png', tinyPng, '日本語.png', 'image/png', 'image/png', 'inline'],
    [
      `${'long'.repeat(200)}.jpeg`,
      tinyPng,
      `${'long'.repeat(60).slice(0, 239)}.jpeg`,
      'image/png',
      'image/png',
      'inline',
    ],
  ];
  for (const [given, bytes, name, type, served, disposition] of cases) {
    const metadata = `filename ${Buffer.from(given).toString('base64')},filetype ${Buffer.from('image/png').toString('base64')}`;
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(bytes.length), 'upload-metadata': metadata };
    const { json } = await request(at('/uploads'), 'POST', { token: ann.token, headers });
    const patch = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    const sent = await request(at(`/uploads/${json.id}`), 'PATCH', { token: ann.token, headers: patch, body: bytes });
    expect([given, sent.status]).toEqual([given, 204]);
    const file = await request(at(`/files/${json.id}`), 'GET', { token: ann.token });
    expect(file.json).toMatchObject({ name, content_type: type });
    const { headers: got } = await download(ann, json.id);
    expect([given, got.get('content-type')]).toEqual([given, served]);
    const shown = String(got.get('content-disposition'));
    expect(shown).toMatch(new RegExp(`^${disposition}; filename="[ -~]+"; filename\\*=UTF-8''[\\w.%!~-]+$`));
    expect(decodeURIComponent(shown.split("''")[1] ?? '')).toBe(name);
    expect(got.get('x-content-type-options')).toBe('nosniff');
    expect(got.get('content-security-policy')).toContain("sandbox; default-src 'none'");
  }
});

test('one range is served, with its validator; others are refused', async () => {
  const bytes = randomBytes(200_000);
  const { id } = await upload(ann, 'a.bin', bytes);
  const whole = await download(ann, id);
  const etag = String(whole.headers.get('etag'));
  expect([whole.headers.get('accept-ranges'), whole.headers.get('content-length')]).toEqual(['bytes', '200000']);
  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=65530-65545', 65_530, 65_545],
    ['bytes=199990-', 199_990, 199_999],
    ['bytes=-5', 199_995, 199_999],
    ['bytes=-999999', 0, 199_999],
    ['bytes=100000-999999', 100_000, 199_999],
    ['bytes=7-9223372036854775807', 7, 199_999],
    ['bytes=-18446744073709551616', 0, 199_999],
  ] as const) {
    const part = await download(ann, id, { range, 'if-range': etag });
    expect([range, part.status, part.headers.get('content-range')]).toEqual([
      range,
      206,
      `bytes ${first}-${last}/200000`,
    ]);
    expect(part.bytes.equals(bytes.subarray(first, last + 1))).toBe(true);
  }
  const many = Array.from({ length: 1_000 }, (_, n) => `${n}-${n + 1}`).join(',');
  for (const range of [
    'bytes=200000-',
    'bytes=18446744073709551616-',
    'bytes=5-4',
    'bytes=0-1,0-1',
    `bytes=${many}`,
    'bytes=a-b',
    'bytes=-0',
    'bytes=-',
  ]) {
    const refused = await download(ann, id, { range });
    expect([range, refused.status, refused.headers.get('content-range')]).toEqual([range, 416, 'bytes */200000']);
    expect(JSON.parse(String(refused.bytes)).reason).toBe('invalid-range');
  }
  expect((await download(ann, id, { range: 'bytes=0-0', 'if-range': '"other"' })).status).toBe(200);
  expect((await download(ann, id, { range: 'lines=0-0' })).status).toBe(200);
  expect((await download(ann, id, { 'if-none-match': etag })).status).toBe(304);
  const head = await fetch(at(`/files/${id}/content`), { method: 'HEAD', headers: bearer(ann) });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '200000', '']);
});

test('an upload by a stock tus client survives 20 interruptions', async () => {
  const bytes = randomBytes(interruptedMebibytes * mebibyte);
  const id = await uploadInterrupted(ann, bytes);
  expect((await download(ann, id)).bytes.equals(bytes)).toBe(true);
});

test('many uploads at once take bounded memory', uploadAtOnce);

test('tus: each wrong request has its own refusal, and the offset does not change', async () => {
  const tus = { 'tus-resumable': '1.0.0' };
  const create = (headers: Record<string, string>) => request(at('/uploads'), 'POST', { token: ann.token, headers });
  expect(await create({ 'upload-length': '5' })).toMatchObject({
    status: 412,
    json: { reason: 'precondition-failed' },
  });
  for (const length of ['', '-1', '1e3', '0x10'])
    expect(await create({ ...tus, 'upload-length': length })).toMatchObject({
      status: 400,
      json: { reason: 'invalid-request' },
    });
  expect(await create({ ...tus, 'upload-length': String(5 * mebibyte) })).toMatchObject({
    status: 413,
    json: { reason: 'file-too-large' },
  });
  const made = await create({ ...tus, 'upload-length': '10', 'upload-metadata': 'filename !!!,=' });
  expect([made.status, made.headers.get('tus-resumable'), made.headers.get('upload-offset')]).toEqual([
    201,
    '1.0.0',
    '0',
  ]);
  expect(Date.parse(String(made.headers.get('upload-expires')))).toBeGreaterThan(Date.now());
  const path = `/uploads/${made.json.id}`;
  const patch = (headers: Record<string, string>, body = 'hello', token = ann.token) =>
    request(at(path), 'PATCH', {
      token,
      body,
      headers: { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0', ...headers },
    });
  expect(await patch({ 'tus-resumable': '0.2.2' })).toMatchObject({ status: 412 });
  expect(await patch({ 'content-type': 'application/octet-stream' })).toMatchObject({ status: 415 });
  expect(await patch({ 'upload-offset': '1' })).toMatchObject({ status: 409, json: { reason: 'wrong-offset' } });
  expect(await patch({ 'upload-offset': 'x' })).toMatchObject({ status: 400 });
  expect(await patch({}, 'hello world')).toMatchObject({ status: 413, json: { reason: 'file-too-large' } });
  expect(await patch({}, 'hello', bob.token)).toMatchObject({ status: 404, json: { reason: 'file-not-found' } });
  const both = await Promise.all([patch({}), patch({})]);
  expect(both.map(({ status }) => status).sort()).toEqual([204, 409]);
  const head = await fetch(at(path), { method: 'HEAD', headers: { ...bearer(ann), ...tus } });
  expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([200, '5', '10']);
  expect(head.headers.get('cache-control')).toBe('no-store');
  expect((await download(ann, made.json.id)).status).toBe(404); // not complete
  expect((await patch({ 'upload-offset': '5' }, 'world')).status).toBe(204);
  expect(await patch({ 'upload-offset': '10' }, '!')).toMatchObject({ status: 409, json: { reason: 'wrong-offset' } });
  expect((await download(ann, made.json.id)).bytes.toString()).toBe('helloworld');
  expect((await request(at(path), 'DELETE', { token: ann.token, headers: tus })).status).toBe(204);
  expect(await patch({})).toMatchObject({ status: 404 });
  const options = await fetch(at('/uploads'), { method: 'OPTIONS' });
  expect([options.status, options.headers.get('tus-version'), options.headers.get('tus-extension')]).toEqual([
    204,
    '1.0.0',
    'creation,expiration,termination',
  ]);
});

test('a bad form is refused as a whole, and leaves nothing', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => part(`${n}`, 'x')).join('');
  const cases: [what: string, type: string, body: string | Buffer, status: number, reason: string][] = [
    ['no file', 'multipart/form-data; boundary=x', '--x--\r\n', 400, 'invalid-upload'],
    [
      'only a field',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
      400,
      'invalid-upload',
    ],
    ['10,000 parts', 'multipart/form-data; boundary=x', `${many}--x--\r\n`, 400, 'invalid-upload'],
    ['a form that ends early', 'multipart/form-data; boundary=x', part('a', 'x'), 400, 'invalid-upload'],
    ['no boundary', 'multipart/form-data', 'x', 415, 'wrong-media-type'],
    ['an empty boundary', 'multipart/form-data; boundary=', 'x', 400, 'invalid-upload'],
    ['JSON', 'application/json', '{}', 415, 'wrong-media-type'],
    [
      'a huge part header',
      'multipart/form-data; boundary=x',
      `--x\r\nX: ${'y'.repeat(100_000)}\r\n\r\nz\r\n--x--\r\n`,
      400,
      'invalid-upload',
    ],
    [
      'a good file, then one that is too large',
      'multipart/form-data; boundary=x',
      `${part('good', 'x')}${part('large', 'y'.repeat(4 * mebibyte + 1))}--x--\r\n`,
      413,
      'file-too-large',
    ],
  ];
  for (const [what, type, body, status, reason] of cases) {
    const response = await request(at('/files'), 'POST', { token: ann.token, body, headers: { 'content-type': type } });
    expect([what, response.status, response.json.reason]).toEqual([what, status, reason]);
    await until(async () => (await stored(ann)).length === 0);
  }
  const zipped = await request(at('/files'), 'POST', {
    token: ann.token,
    body: part('a', 'x'),
    headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-encoding': 'gzip' },
  });
  expect(zipped.json.reason).toBe('wrong-media-type');
  expect(await usage(ann)).toEqual({ bytes: 0, files: 0 });
  expect(
    await raw('POST /api/v1/files HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=x', part('a', 'x')),
  ).toContain('401');
});

test('a client that disconnects during a form leaves no file, and during an upload by tus the bytes that it has sent', async () => {
  const form = connect(Number(new URL(fileRig.gateway.http).port), '127.0.0.1').on('error', () => {});
  form.write(
    `POST /api/v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 9000000\r\n\r\n`,
  );
  form.write(`--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n${'y'.repeat(300_000)}`);
  await until(async () => (await stored(ann)).length === 1);
  form.destroy();
  await until(async () => (await stored(ann)).length === 0);
  const tus = { 'tus-resumable': '1.0.0', 'upload-length': '90000' };
  const { json } = await request(at('/uploads'), 'POST', { token: ann.token, headers: tus });
  const patch = connect(Number(new URL(fileRig.gateway.http).port), '127.0.0.1').on('error', () => {});
  patch.write(
    `PATCH /api/v1/uploads/${json.id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: 90000\r\n\r\n${'a'.repeat(70_000)}`,
  );
  await until(async () => Number((await stored(ann))[0]?.received) >= 65_536);
  patch.destroy();
  await until(async () => Number((await stored(ann))[0]?.received) === 70_000);
});

test('a client that is still sending receives the refusal of its upload, and keeps its connection', async () => {
  const socket = connect(Number(new URL(fileRig.gateway.http).port), '127.0.0.1');
  let said = '';
  socket.on('data', (bytes) => {
    said += String(bytes);
  });
  const answers = () => [...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  const form = `${part('large', 'y'.repeat(6 * mebibyte))}--x--\r\n`;
  const head = (line: string) => `${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\n`;
  socket.write(`${head('POST /api/v1/files')}content-type: multipart/form-data; boundary=x\r\n`);
  socket.write(`content-length: ${form.length}\r\n\r\n${form.slice(0, -mebibyte)}`);
  await until(() => answers().length === 1);
  socket.write(`${form.slice(-mebibyte)}${head('GET /api/v1/me')}\r\n`);
  await until(() => answers().length === 2);
  expect(answers()).toEqual(['413', '200']);
  expect(said).toContain('file-too-large');
  socket.destroy();
});

test('uploads at the same time stay within the quota of their user', async () => {
  const results = await Promise.all(Array.from({ length: 6 }, () => sendForm(ann, ['a', Buffer.alloc(2 * mebibyte)])));
  const refused = results.filter(({ status }) => status !== 201);
  expect(refused.length).toBeGreaterThanOrEqual(2);
  for (const { status, json } of refused) expect([status, json.reason]).toEqual([413, 'file-quota']);
  const used = (await usage(ann)) as { bytes: number; files: number };
  expect(used).toEqual({ bytes: (6 - refused.length) * 2 * mebibyte, files: 6 - refused.length });
  expect((await sendForm(bob, ['b', tinyPng])).status).toBe(201);
});

test('a stale file is gone for everybody, and a purge deletes it with its bytes', async () => {
  const { id } = await upload(ann, 'a', tinyPng);
  await fileRig.trio.people.sql("UPDATE chat.file SET stale_at = now() - interval '1 s' WHERE id = $1", [id]);
  expect((await download(ann, id)).status).toBe(404);
  expect((await request(at(`/uploads/${id}`), 'GET', { token: ann.token })).status).toBe(404);
});
