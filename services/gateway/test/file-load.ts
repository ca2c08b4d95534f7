import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, type ClientRequest, type IncomingMessage, request as open } from 'node:http';
import { text } from 'node:stream/consumers';
import { FaultProxy, type TestPerson, until } from '@parley/testkit';
import { Upload } from 'tus-js-client';
import { at, bearer, download, fileRig, mebibyte } from './file-rig.js';
import { request } from './rest-client.js';

/** Size of the upload that is interrupted, in MiB. 200 in the long form of the test. */
export const interruptedMebibytes = Number(process.env.TEST_UPLOAD_MIB ?? 3);
/** Number of uploads at once. 1,000 in the long form of the test. */
const uploadsAtOnce = Number(process.env.TEST_UPLOADS ?? 40);
/** Uploads from one address. A gateway serves at most 64 requests of one address at once. */
const uploadsPerAddress = 50;
/** Settings of a gateway that takes these uploads. */
export const loadSettings = {
  PARLEY_FILE_BYTES: String(Math.max(4, interruptedMebibytes) * mebibyte),
  PARLEY_FILES_PER_USER_BYTES: String(2 * Math.max(4, interruptedMebibytes) * mebibyte),
  PARLEY_CONNECTIONS_PER_ADDRESS: '5000',
};
const interruptions = 20;
/** Time that the bytes of an interrupted upload need at least. */
const passesSeconds = 2;
const userUploads = 4;
/** Bytes with which each of many uploads begins: more than the gateway stores at once. */
const firstBytes = 70_000;
/** Bytes by which the memory of a gateway may grow, however many uploads there are. */
const mostGrowth = 200 * mebibyte;

/** Returns the memory that the gateway uses, and the most that it has used, in bytes. */
async function memory(): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${fileRig.gateway.pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
  return { now: kib('VmRSS'), most: kib('VmHWM') };
}

/** Runs `work`, and checks that the memory of the gateway stays within its bound. */
async function boundedly(what: string, work: () => Promise<void>): Promise<void> {
  const before = await memory();
  await work();
  const { most } = await memory();
  const inMebibytes = (bytes: number) => Math.round(bytes / mebibyte);
  process.stdout.write(`${what}: memory of ${inMebibytes(before.now)} MiB rose to at most ${inMebibytes(most)} MiB\n`);
  expect(most - before.now).toBeLessThan(mostGrowth);
}

/** Breaks all connections of a link each time that another part of an upload has arrived. */
async function breakOften(link: FaultProxy, id: string, size: number): Promise<void> {
  const { people } = fileRig.trio;
  for (let n = 1; n <= interruptions; n++) {
    const arrived = async () =>
      Number((await people.sql('SELECT received FROM chat.file WHERE id = $1', [id]))[0]?.received);
    await until(async () => (await arrived()) >= (n * size) / (interruptions + 1));
    link.reset();
  }
}

/** Uploads a file with a stock tus client, whose connection breaks 20 times. Returns the id of the file. */
export async function uploadInterrupted(person: TestPerson, bytes: Buffer): Promise<string> {
  const link = await FaultProxy.open(() => new URL(fileRig.gateway.http).host);
  link.set({ bytesPerSecond: bytes.length / passesSeconds });
  let [url, breaks] = ['', Promise.resolve()];
  await boundedly('interrupted upload', () => {
    return new Promise<void>((resolve, reject) => {
      const one = new Upload(bytes, {
        ...{ endpoint: `http://${link.address}/api/v1/uploads`, headers: bearer(person) },
        retryDelays: Array<number>(1_000).fill(50),
        onUploadUrlAvailable: () => {
          if (url !== '') return; // It is called for each interruption, too.
          url = one.url ?? '';
          breaks = breakOften(link, String(url.split('/').pop()), bytes.length);
          breaks.catch(reject);
        },
        onSuccess: () => resolve(),
        onError: reject,
      });
      one.start();
    });
  });
  await breaks;
  await link.close();
  return String(url.split('/').pop());
}

/** Creates an upload. */
async function createUpload(person: TestPerson, size: number): Promise<{ person: TestPerson; id: string }> {
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(size) };
  const { json } = await request(at('/uploads'), 'POST', { token: person.token, headers });
  return { person, id: String(json.id) };
}

interface ManyUpload {
  readonly person: TestPerson;
  readonly id: string;
  readonly agent: Agent;
  readonly localAddress: string;
}

/** Returns the reason in the body of a response, or `stored`. */
async function endingOf(response: IncomingMessage): Promise<string> {
  const body = await text(response);
  return response.statusCode === 204 ? 'stored' : String((JSON.parse(body) as { reason?: unknown }).reason);
}

/** Opens a request with the bytes of an upload from `offset`. Returns it, and how it ends: `broken` after an error. */
function openPatch({ person, id, agent, localAddress }: ManyUpload, offset: number, size: number) {
  const headers = {
    ...{ ...bearer(person), 'tus-resumable': '1.0.0', 'upload-offset': String(offset) },
    ...{ 'content-type': 'application/offset+octet-stream', 'content-length': size - offset },
  };
  const sent: ClientRequest = open(at(`/uploads/${id}`), { method: 'PATCH', headers, agent, localAddress });
  const ending = new Promise<string>((resolve) => {
    sent.once('response', (response) => resolve(endingOf(response))).once('error', () => resolve('broken'));
  });
  return { sent, ending };
}

/**
 * Sends the first bytes of an upload. Returns a function that sends the others, and returns how the
 * upload ends. Adds the file to `ended` then.
 */
function beginUpload(one: ManyUpload, bytes: Buffer, ended: Set<string>): () => Promise<string> {
  const { sent, ending } = openPatch(one, 0, bytes.length);
  ending.then(() => ended.add(one.id));
  sent.write(bytes.subarray(0, firstBytes));
  return () => {
    sent.end(bytes.subarray(firstBytes));
    return ending;
  };
}

/** Continues an upload until it is complete, as clients of tus do. */
async function continueUpload(one: ManyUpload, bytes: Buffer): Promise<void> {
  await until(async () => {
    const headers = { 'tus-resumable': '1.0.0' };
    const { headers: has } = await request(at(`/uploads/${one.id}`), 'HEAD', { token: one.person.token, headers });
    const offset = Number(has.get('upload-offset'));
    const { sent, ending } = openPatch(one, offset, bytes.length);
    sent.end(bytes.subarray(offset));
    return (await ending) === 'stored';
  });
}

/** Uploads many files of a mebibyte, all of which are under way at the same time. Waits for `stored` before it reads one. */
export async function uploadAtOnce(stored = async () => {}): Promise<void> {
  const people = await fileRig.trio.people.makeMany(`at-once-${Date.now()}`, Math.ceil(uploadsAtOnce / userUploads));
  const agent = new Agent({ keepAlive: false });
  const bytes = randomBytes(mebibyte);
  const made = await Promise.all(
    people.flatMap((person) => Array.from({ length: userUploads }, () => createUpload(person, bytes.length))),
  );
  const uploads = made.map((one, n) => ({
    ...one,
    ...{ agent, localAddress: `127.0.1.${1 + Math.floor(n / uploadsPerAddress)}` },
  }));
  const ids = made.map(({ id }) => id);
  await boundedly(`${ids.length} uploads at once`, async () => {
    const ended = new Set<string>();
    const ends = uploads.map((one) => beginUpload(one, bytes, ended));
    const waiting = 'SELECT count(*)::int AS n FROM chat.file WHERE id = ANY ($1) AND received = 0';
    const begin = async () =>
      (await fileRig.trio.people.sql(waiting, [ids.filter((id) => !ended.has(id))]))[0]?.n === 0;
    await until(begin);
    const endings = await Promise.all(ends.map((end) => end()));
    // Only the long form has more uploads than the gateway has memory for.
    const expected = new Set(['stored', 'database-away', ...(ids.length > uploadsPerAddress ? ['too-busy'] : [])]);
    expect(endings.filter((one) => !expected.has(one))).toEqual([]);
    const refused = uploads.filter((_, n) => endings[n] !== 'stored');
    await Promise.all(refused.map((one) => continueUpload(one, bytes)));
    await stored();
    const [last] = people.slice(-1) as [TestPerson];
    expect((await download(last, String(ids.at(-1)))).bytes.equals(bytes)).toBe(true);
  });
  agent.destroy();
}
