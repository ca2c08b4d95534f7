import { type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { type RestResponse, whileOverloaded } from './rest-client.js';

/** One mebibyte. */
export const mebibyte = 1_048_576;

/** The services of a test. */
export const fileRig = { names: 0 } as { trio: Trio; gateway: ServiceProcess; names: number };

/** Starts the services before the tests of a file, and stops them afterwards. `more` are settings of the gateway. */
export function useFiles(more: Readonly<Record<string, string>> = {}): void {
  beforeAll(async () => {
    fileRig.trio = await Trio.start();
    await fileRig.trio.startUserService();
    const bounds = { PARLEY_FILE_BYTES: String(4 * mebibyte), PARLEY_FILES_PER_USER_BYTES: String(8 * mebibyte) };
    fileRig.gateway = await fileRig.trio.startGateway({ ...bounds, ...more });
  });
  afterAll(() => fileRig.trio?.stop());
}

/** Creates users with new names. */
export async function newPeople(): Promise<[TestPerson, TestPerson, TestPerson]> {
  fileRig.names += 1;
  return (await fileRig.trio.people.makeMany(`files-${fileRig.names}`, 3)) as [TestPerson, TestPerson, TestPerson];
}

/** A file, as REST shows it. */
export interface Stored {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly content_type: string;
  readonly posted: boolean;
}

/** Returns the URL of a path of the REST API. */
export const at = (path: string) => `${fileRig.gateway.http}/api/v1${path}`;
/** Returns the header with the token of a person. */
export const bearer = (person: TestPerson) => ({ authorization: `Bearer ${person.token}` });

/** Sends files as a form, as a browser does, and again while the services are overloaded. */
export function sendForm(...sent: Parameters<typeof sendFormOnce>): Promise<RestResponse> {
  return whileOverloaded(
    () => sendFormOnce(...sent),
    ({ text }) => text,
  );
}

async function sendFormOnce(person: TestPerson, ...files: [name: string, bytes: Uint8Array][]): Promise<RestResponse> {
  const form = new FormData();
  for (const [name, bytes] of files) form.append('file', new Blob([new Uint8Array(bytes)]), name);
  const response = await fetch(at('/files'), { method: 'POST', headers: bearer(person), body: form });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

/** Uploads one file, and returns it. */
export async function upload(person: TestPerson, name: string, bytes: Uint8Array): Promise<Stored> {
  const { status, text, json } = await sendForm(person, [name, bytes]);
  if (status !== 201) throw new Error(text);
  return (json as unknown as { files: Stored[] }).files[0] as Stored;
}

/** Downloads a file. Tries again while the services are overloaded. */
export function download(...asked: Parameters<typeof downloadOnce>): ReturnType<typeof downloadOnce> {
  return whileOverloaded(
    () => downloadOnce(...asked),
    ({ bytes }) => String(bytes),
  );
}

async function downloadOnce(
  person: TestPerson,
  id: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: RestResponse['headers']; bytes: Buffer }> {
  const response = await fetch(at(`/files/${id}/content`), { headers: { ...bearer(person), ...headers } });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** Returns the rows of the files of a person. */
export const stored = (person: TestPerson) =>
  fileRig.trio.people.sql('SELECT id, complete, received FROM chat.file WHERE owner_id = $1', [person.id]);
/** Returns what the files of a person take. */
export const usage = async (person: TestPerson) =>
  (
    await fileRig.trio.people.sql('SELECT file_bytes::int AS bytes, files FROM chat.usage WHERE user_id = $1', [
      person.id,
    ])
  )[0];
