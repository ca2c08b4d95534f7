/** Files in the SDK and the command, against a gateway. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserFiles } from '@parley/client/files';
import { type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import { safeName } from '../src/get-files.js';
import { CommandRig } from './command-rig.js';

const mebibyte = 1_048_576;
let rig: CommandRig;
let gateway: ServiceProcess;
let folder: string;

beforeAll(async () => {
  rig = await CommandRig.open();
  gateway = await rig.trio.startGateway({
    ...{ PARLEY_FILE_BYTES: String(8 * mebibyte), PARLEY_FILES_PER_USER_BYTES: String(20 * mebibyte) },
  });
  folder = await mkdtemp(join(tmpdir(), 'parley-files-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rig.close();
});

const filesOf = ({ token }: TestPerson, origin = gateway.http) => new UserFiles({ origin, token: () => token });

async function bytesOf(download: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of download) parts.push(part);
  return Buffer.concat(parts);
}

/** A proxy in front of the gateway that cuts connections after some bytes, `left` times, or stops passing bytes on. */
class CuttingProxy {
  left = 0;
  stalls = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(afterBytes: number) {
    this.#server = createServer((client) => {
      const target = connect(Number(new URL(gateway.http).port), '127.0.0.1');
      let passed = 0;
      const cut = () => [client, target].forEach((one) => void one.destroy());
      const pass = (to: Socket) => (bytes: Buffer) => {
        passed += bytes.length;
        if (passed > afterBytes && this.stalls) return;
        if (passed > afterBytes && this.left > 0) {
          this.left -= 1;
          to.write(bytes.subarray(0, 1_000), cut);
        } else to.write(bytes);
      };
      client.on('data', pass(target)).on('error', cut).on('close', cut);
      target.on('data', pass(client)).on('error', cut).on('close', cut);
      this.#sockets.add(client);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const one of this.#sockets) one.destroy();
    this.#server.close();
  }
}

test('an upload and a download continue after broken connections, and report their progress', async () => {
  const [ann] = await rig.three('cut');
  const bytes = randomBytes(4 * mebibyte);
  const path = join(folder, 'large.bin');
  await writeFile(path, bytes);
  const proxy = new CuttingProxy(700_000);
  try {
    const files = filesOf(ann, await proxy.open());
    const progress: number[] = [];
    proxy.left = 3;
    const { id, size, name } = await files.upload(createReadStream(path), {
      ...{ name: 'large.bin', onProgress: (sent: number) => progress.push(sent) },
    });
    expect([name, size, progress.at(-1)]).toEqual(['large.bin', bytes.length, bytes.length]);
    expect(proxy.left).toBe(0);
    proxy.left = 2;
    expect((await bytesOf(files.download(id))).equals(bytes)).toBe(true);
    expect(proxy.left).toBe(0);
    expect((await bytesOf(files.download(id, { from: 4_000_000 }))).equals(bytes.subarray(4_000_000))).toBe(true);
  } finally {
    proxy.close();
  }
});

test('a signal pauses an upload; it continues where it was, and a deleted one is gone', async () => {
  const [ann] = await rig.three('pause');
  const bytes = randomBytes(3 * mebibyte);
  const files = filesOf(ann);
  const proxy = new CuttingProxy(700_000);
  proxy.stalls = true;
  const pausing = new AbortController();
  let id = '';
  const received = async () =>
    (await rig.trio.people.sql('SELECT received FROM chat.file WHERE id = $1', [id]))[0]?.received;
  const paused = filesOf(ann, await proxy.open()).upload(bytes, {
    ...{ name: 'a.bin', signal: pausing.signal },
    onBegin: (begun) => {
      id = begun;
    },
  });
  paused.catch(() => {});
  await until(async () => id !== '' && Number(await received()) > 0);
  pausing.abort(new Error('paused'));
  await expect(paused).rejects.toThrow('paused');
  proxy.close();
  const sent: number[] = [];
  const whole = await files.upload(bytes, { name: 'a.bin', id, onProgress: (one) => sent.push(one) });
  expect(whole).toMatchObject({ id, size: bytes.length, posted: false, picture: undefined });
  expect(sent[0]).toBeGreaterThan(0);
  expect((await bytesOf(files.download(id))).equals(bytes)).toBe(true);
  await files.delete(id);
  await expect(files.find(id)).rejects.toMatchObject({ reason: 'file-not-found' });
  const aborted = AbortSignal.abort(new Error('not now'));
  await expect(files.upload(bytes, { name: 'a.bin', signal: aborted })).rejects.toThrow('not now');
});

test('each refusal has its reason', async () => {
  const [ann, bob] = await rig.three('refused');
  const files = filesOf(ann);
  await expect(files.upload(Buffer.alloc(9 * mebibyte), { name: 'x' })).rejects.toMatchObject({
    reason: 'file-too-large',
  });
  const { id } = await files.upload(Buffer.from('mine'), { name: 'x' });
  const strange = filesOf(bob);
  for (const call of [strange.find(id), bytesOf(strange.download(id)), strange.delete(id)])
    await expect(call).rejects.toMatchObject({ reason: 'file-not-found' });
  await expect(bytesOf(files.download(id, { from: 9 }))).rejects.toMatchObject({ reason: 'invalid-range' });
  const nobody = new UserFiles({ origin: gateway.http, token: () => 'none' });
  await expect(nobody.find(id)).rejects.toMatchObject({ reason: 'invalid-token' });
  await expect(filesOf(ann, 'http://127.0.0.1:1').find(id)).rejects.toMatchObject({ reason: 'unreachable' });
});

test('names of files are safe in any folder', () => {
  const cases: [given: string, safe: string][] = [
    ['photo.jpg', 'photo.jpg'],
    ['../../.bashrc', '_.._.bashrc'],
    ['..\\..\\a.txt', '_.._a.txt'],
    ['.profile', 'profile'],
    ['a\u0000\u001b[2Jb\u202Egnp.exe', 'abgnp.exe'],
    ['CON.txt', 'file-CON.txt'],
    ['', 'file'],
    ['...', 'file'],
    ['a\nb.txt', 'a ⏎ b.txt'],
  ];
  for (const [given, safe] of cases) expect([given, safeName(given)]).toEqual([given, safe]);
  expect(Buffer.byteLength(safeName(`${'語'.repeat(300)}.txt`))).toBeLessThan(210);
  expect(safeName(`${'語'.repeat(300)}.txt`)).toMatch(/\.txt$/);
});

test('`send` sends text and files in one message, and `get` saves them without overwriting', async () => {
  const [ann, bob, cy] = await rig.three('send');
  const at = ['--gateway', gateway.http];
  const [notes, data] = [join(folder, 'notes.txt'), join(folder, 'data.bin')];
  const bytes = randomBytes(300_000);
  await writeFile(notes, 'rice, beans');
  await writeFile(data, bytes);
  await rig.process.run(ann, 'create', 'shared', '--kind', 'group');
  await rig.process.run(ann, 'members', 'shared', bob.id, '--add');
  const sent = await rig.process.run(ann, 'send', 'shared', 'the list', '--file', notes, '--file', data, ...at);
  expect(sent.said).toMatch(/^Sent as #\d+, with notes\.txt, data\.bin\.\n$/);
  const [, seq = ''] = /#(\d+)/.exec(sent.said) ?? [];
  expect((await rig.process.run(bob, 'history', 'shared')).said).toContain('the list [2 files]');
  const to = join(folder, 'saved');
  for (const copy of ['', ' (2)', ' (3)']) {
    const names = [`notes${copy}.txt`, `data${copy}.bin`].map((name) => join(to, name));
    const which = copy === '' ? [] : [seq];
    const got = await rig.process.run(bob, 'get', 'shared', ...which, '--to', to, ...at);
    expect(got).toEqual({ code: 0, said: names.map((name) => `Saved ${name}.\n`).join('') });
  }
  expect((await readdir(to)).length).toBe(6);
  expect(await readFile(join(to, 'notes (2).txt'), 'utf8')).toBe('rice, beans');
  expect((await readFile(join(to, 'data (3).bin'))).equals(bytes)).toBe(true);
  expect((await rig.process.run(cy, 'get', 'shared', seq, '--to', to, ...at)).code).toBe(1);
  const plain = await rig.process.json(ann, 'send', 'shared', 'only words');
  expect(plain).toMatchObject({ seq: Number(seq) + 1, files: [] });
  expect((await rig.process.run(bob, 'get', 'shared', String(Number(seq) + 1), ...at)).said).toBe(
    `parley: Message #${Number(seq) + 1} has no files.\n`,
  );
});

test('a send that cannot succeed posts nothing and leaves no file', async () => {
  const [ann] = await rig.three('nothing');
  const at = ['--gateway', gateway.http];
  const [small, large] = [join(folder, 'small.txt'), join(folder, 'too-large.bin')];
  await writeFile(small, 'small');
  await writeFile(large, Buffer.alloc(9 * mebibyte));
  await rig.process.run(ann, 'create', 'empty', '--kind', 'group');
  const send = (...args: string[]) => rig.process.run(ann, 'send', 'empty', ...args, ...at);
  expect(await send('--file', small, '--file', large)).toEqual({
    ...{ code: 1, said: 'parley: The file is larger than this server accepts.\n' },
  });
  expect(await send()).toEqual({ code: 2, said: 'parley: Give a text, or a file with --file.\n' });
  expect(await send('--file', folder)).toEqual({
    code: 2,
    said: `parley: --file: ${folder} is not a file that can be read.\n`,
  });
  const eleven = Array.from({ length: 11 }, () => ['--file', small]).flat();
  expect(await send(...eleven)).toEqual({ code: 2, said: 'parley: Send at most 10 files at once.\n' });
  expect(await rig.process.run(ann, 'send', 'empty', 'x', '--file', small, '--gateway', 'http://192.0.2.1')).toEqual({
    ...{
      code: 2,
      said: 'parley: Your token would travel to 192.0.2.1:80 in plain text. Give an https URL with --gateway.\n',
    },
  });
  expect((await rig.process.run(ann, 'history', 'empty')).said).not.toContain('file');
  expect((await rig.process.run(ann, 'get', 'empty', ...at)).said).toBe(
    'parley: None of the last 100 messages has files. Give the number of one.\n',
  );
  expect(await rig.trio.people.sql('SELECT name FROM chat.file WHERE owner_id = $1', [ann.id])).toEqual([]);
});
