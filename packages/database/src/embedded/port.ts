import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Returns the port if it is free on 127.0.0.1 (0: any free one), else undefined. */
async function listenOn(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/**
 * Returns a free port: the `fixed` one, the one used last time, or another. Remembers it in the
 * data folder.
 * @throws {Error} with one sentence if the fixed one is taken.
 */
export async function choosePort(folder: string, fixed: number | undefined): Promise<number> {
  const file = join(folder, 'postgres.port');
  const last = Number(await readFile(file, 'utf8').catch(() => '0'));
  const free = await listenOn(fixed ?? last);
  if (free === undefined && fixed !== undefined) {
    throw new Error(`Port ${fixed} for the embedded PostgreSQL is taken. Choose another, or none.`);
  }
  const port = free ?? (await listenOn(0));
  if (port === undefined) throw new Error('No port is free on 127.0.0.1 for the embedded PostgreSQL.');
  if (port !== last) await writeFile(file, `${port}\n`);
  return port;
}
