/**
 * Runs the cases of Autobahn, the test suite of the WebSocket protocol, against an echo that reads
 * and writes as the gateway's WebSockets do. `node scripts/checks/autobahn.mjs [folder]` writes the
 * reports to the folder. It needs kosoku (`pip install kosoku`). The exit code is 1 if a case fails.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { giveUp, setUp } from '../setup.mjs';

/**
 * Cases that are left out: 9.* sends messages of up to 16 MiB, which the gateway refuses, and 12.*
 * and 13.* compress.
 */
const leftOut = ['9.*', '12.*', '13.*'];
/** Many cases wait for a timeout, so several run at once. */
const atOnce = '16';

const echoModule = new URL('../../services/gateway/dist/test/socket-echo.js', import.meta.url).href;

/** Starts the echo in a thread, because `spawnSync` blocks this one. Resolves with its port. */
function startEcho() {
  const code = `import(${JSON.stringify(echoModule)}).then(async ({ startSocketEcho }) => {
    const { port } = await startSocketEcho();
    require('node:worker_threads').parentPort.postMessage(port);
  });`;
  const echo = new Worker(code, { eval: true });
  return new Promise((resolve, reject) => echo.once('message', resolve).once('error', reject));
}

if (spawnSync('kosoku', ['--help']).status !== 0) giveUp('kosoku is not on the PATH. Run `pip install kosoku`.');
setUp();
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'parley-autobahn-'));
const port = await startEcho();
const options = [...leftOut.flatMap((cases) => ['--exclude', cases]), '--parallelism', atOnce, '--outdir', folder];
const { status } = spawnSync('kosoku', [`127.0.0.1:${port}`, ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
