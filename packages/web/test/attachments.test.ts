import { refuse } from '@parley/client';
import type { UserFile, UserFiles } from '@parley/client/files';
import { Attachments } from '../src/live/attachments.js';
import type { WorkspaceFiles } from '../src/live/workspace-files.js';
import { type Attachment, attachmentsOf } from '../src/state/attachments.js';

type UploadCall = Parameters<UserFiles['upload']>[1];

/** An upload that the server has not finished yet. */
interface Running {
  readonly options: UploadCall;
  readonly resolve: (file: Pick<UserFile, 'id'>) => void;
  readonly reject: (thrown: unknown) => void;
}

let running: Running[];
let deleted: string[];
let attachments: Attachments;

const calls = {
  upload: (_: unknown, options: UploadCall) =>
    new Promise((resolve, reject) => {
      running.push({ options, resolve, reject } as Running);
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
    }),
  delete: async (id: string) => void deleted.push(id),
} as unknown as UserFiles;

beforeEach(() => {
  [running, deleted] = [[], []];
  attachments = new Attachments({ calls: async () => calls } as WorkspaceFiles);
});

const files = (...names: string[]) => names.map((name) => new File(['12345'], name));
const listOf = (channelId = 1) => attachmentsOf(attachments.state(), channelId).list;
const statesOf = () => listOf().map(({ state }) => state);
const keyOf = (name: string) => (listOf().find((one) => one.name === name) as Attachment).key;
const settled = () => new Promise((resolve) => setTimeout(resolve));
/** Ends the upload that has run for the longest time. */
async function finish(id: string): Promise<void> {
  running.shift()?.resolve({ id });
  await settled();
}

test('a message has as many files as the server allows, and says how many were left out', () => {
  attachments.add(1, files(...Array.from({ length: 12 }, (_, k) => `${k}`)));
  expect(attachmentsOf(attachments.state(), 1)).toMatchObject({ list: { length: 10 }, excess: 2 });
  attachments.add(2, files('other'));
  expect(attachmentsOf(attachments.state(), 2)).toMatchObject({ list: { length: 1 }, excess: 0 });
  attachments.remove(1, keyOf('3'));
  expect(attachmentsOf(attachments.state(), 1)).toMatchObject({ list: { length: 9 }, excess: 0 });
});

test('three files are uploaded at once, and a message takes them in the order in which they were chosen', async () => {
  attachments.add(1, files('a', 'b', 'c', 'd'));
  await settled();
  expect(statesOf()).toEqual(['uploading', 'uploading', 'uploading', 'waiting']);
  running[0]?.options.onProgress?.(3, 5);
  expect(listOf()[0]).toMatchObject({ sent: 3, size: 5 });
  await finish('id-a');
  expect(statesOf()).toEqual(['ready', 'uploading', 'uploading', 'uploading']);
  for (const id of ['id-b', 'id-c', 'id-d']) await finish(id);
  expect(attachments.take(1)).toEqual(['id-a', 'id-b', 'id-c', 'id-d']);
  expect([listOf(), attachments.take(1), deleted]).toEqual([[], [], []]);
});

test('an upload that was paused or interrupted continues with its id; one that is removed is deleted', async () => {
  attachments.add(1, files('a', 'b'));
  await settled();
  running[0]?.options.onBegin?.('up-a');
  attachments.pause(keyOf('a'));
  await settled();
  expect(statesOf()).toEqual(['paused', 'uploading']);
  attachments.resume(keyOf('a'));
  await settled();
  expect(running[2]?.options.id).toBe('up-a');
  running[2]?.reject(refuse('unreachable'));
  await settled();
  expect(listOf()[0]).toMatchObject({ state: 'refused', mayRetry: true, why: 'The server cannot be reached.' });
  attachments.resume(keyOf('a'));
  await settled();
  expect(running[3]?.options.id).toBe('up-a');
  attachments.remove(1, keyOf('a'));
  await settled();
  expect([listOf().map(({ name }) => name), deleted, running[3]?.options.signal?.aborted]).toEqual([
    ['b'],
    ['up-a'],
    true,
  ]);
});

test('a file that is too large is refused for good, and one that cannot be read says so', async () => {
  attachments.add(1, files('large'));
  const folder = Object.assign(new File([], 'folder'), {
    slice: () => ({ arrayBuffer: () => Promise.reject(Error()) }),
  });
  attachments.add(1, [folder]);
  await settled();
  running[0]?.reject(refuse('file-too-large'));
  running[1]?.reject(refuse('unreachable'));
  await settled();
  expect(listOf()).toMatchObject([
    { state: 'refused', mayRetry: false, why: 'The file is larger than this server accepts.' },
    { state: 'refused', mayRetry: false, why: expect.stringMatching('cannot read') },
  ]);
  expect(attachments.take(1)).toEqual([]);
});
