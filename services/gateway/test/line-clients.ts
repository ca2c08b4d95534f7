import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Program, python } from '@parley/testkit';

const folder = fileURLToPath(new URL('../../test/line-clients/', import.meta.url));
const has = (command: string, args: readonly string[]) => spawnSync(command, args, { cwd: folder }).status === 0;

/**
 * A client of WebSockets that others have written. It sends each line of its input as a frame, and
 * prints each frame as a line.
 */
export interface LineClient {
  readonly name: string;
  readonly isInstalled: boolean;
  /** Prepares it in an empty folder. Returns a function that starts it. */
  readonly prepare: (temporary: string) => Promise<(url: string, protocols: readonly string[]) => Program>;
}

/** The clients of the tests, as `.ci/install` installs them. */
export const lineClients: readonly LineClient[] = [
  {
    name: 'wscat',
    isInstalled: has('wscat', ['--version']),
    prepare: async () => (url, protocols) =>
      new Program('wscat', ['--connect', url, ...protocols.flatMap((one) => ['--subprotocol', one])]),
  },
  {
    name: 'websockets, for Python',
    isInstalled: has(python, ['-c', 'import websockets.asyncio.client']),
    prepare: async () => (url, protocols) => new Program(python, [join(folder, 'client.py'), url, ...protocols]),
  },
  {
    name: 'gorilla/websocket, for Go',
    isInstalled: has('go', ['mod', 'download']),
    prepare: async (temporary) => {
      const client = join(temporary, 'gorilla');
      await promisify(execFile)('go', ['build', '-o', client, '.'], { cwd: folder });
      return (url, protocols) => new Program(client, [url, ...protocols]);
    },
  },
];
