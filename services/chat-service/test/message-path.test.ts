import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Chatter, type ServiceProcess, Trio, until } from '@parley/testkit';

/** Minimum and maximum number of messages that a test sends. */
const [leastRounds, mostRounds] = [5, 100];
const page = readFileSync(new URL('../../../../ARCHITECTURE.md', import.meta.url), 'utf8');
const chapter = page.split(/^## /m).find((part) => part.startsWith('The path of a message')) ?? '';
const [relayed = [], added = [], asked = []] = chapter
  .split(/^\|---.*$/m)
  .slice(1)
  .map(rowsOf);

let trio: Trio;
let server: ServiceProcess;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1, chatServerEntry: 'recorded-calls' });
  server = trio.chatServers[0] as ServiceProcess;
});
afterAll(() => trio.stop());

/** Returns the cells of the rows of a table. */
function rowsOf(text: string): string[][] {
  const rows = text.trimStart().split('\n\n')[0]?.split('\n') ?? [];
  return rows.map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));
}

/** Returns the paths in the first column. */
function filesIn(rows: readonly string[][]): string[] {
  return rows.map(([, file = '']) => file);
}

/** Returns the files that have run in the chat server since the last call. */
async function filesSince(): Promise<string[]> {
  const reports = () => [...server.output.matchAll(/^ran (\[.*\])$/gm)];
  const before = reports().length;
  server.kill('SIGUSR2');
  await until(async () => reports().length > before);
  return JSON.parse(reports().at(-1)?.[1] ?? '[]') as string[];
}

/** Sends one message. Resolves when its sender has the ack and the other user has the message. */
async function deliver(sender: Chatter, reader: Chatter): Promise<void> {
  const clientId = randomUUID();
  sender.send('words', { clientId });
  await sender.find(({ ack }) => ack?.clientId === clientId);
  await reader.find((message) => message.clientId === clientId);
}

/**
 * Returns the files that run for every message in a new channel. On a busy machine, background
 * tasks run during many messages. So this sends more messages while files that are not in `listed`
 * seem to run for every message.
 */
async function filesOfMessage(hasHistory: boolean, listed: readonly string[]): Promise<string[]> {
  const name = hasHistory ? 'kept' : 'relayed';
  const [owner, guest] = [await trio.people.make(`${name}-owner`), await trio.people.make(`${name}-guest`)];
  const { id } = await trio.create(owner, name);
  if (hasHistory) await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  const [reader, sender] = [await trio.join(owner, id), await trio.join(guest, id)];
  await deliver(sender, reader);
  await filesSince();
  let always: string[] | undefined;
  const isDone = (round: number) => round >= leastRounds && always?.every((file) => listed.includes(file));
  for (let round = 0; round < mostRounds && !isDone(round); round++) {
    await deliver(sender, reader);
    const ran = await filesSince();
    always = (always ?? ran).filter((file) => ran.includes(file));
  }
  return always ?? [];
}

test('a message without history runs the files that ARCHITECTURE.md lists for it, at most 10 on its path', async () => {
  const files = filesIn([...relayed, ...asked.filter(([, , , when]) => when === 'always')]);
  expect((await filesOfMessage(false, files)).sort()).toEqual(files.sort());
  expect(relayed.length).toBeLessThanOrEqual(10);
});

test('a message with history runs the files that ARCHITECTURE.md lists for it, at most 13 on its path', async () => {
  const files = filesIn([...relayed, ...added, ...asked]).filter((file) => !file.endsWith('.sql'));
  expect((await filesOfMessage(true, files)).sort()).toEqual(files.sort());
  expect(relayed.length + added.length).toBeLessThanOrEqual(13);
});
