/**
 * Runs h2spec, the test suite of HTTP/2, against the gRPC ports of all services and against a bare
 * server of grpc-js with the same limit of streams. `node scripts/checks/h2spec.mjs` needs h2spec on
 * the PATH: `go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible`. The exit code is 1 if a
 * service fails a case that the bare server passes.
 */
import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { giveUp, root, setUp } from '../setup.mjs';

/** Runs of the cases that fail. */
const runs = 3;

if (spawnSync('h2spec', ['--version']).status !== 0)
  giveUp('h2spec is not on the PATH. Run `go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible`.');
setUp();
const distOf = (name) => join(root, 'packages', name, 'dist', 'src');
const { Trio } = await import(join(distOf('testkit'), 'index.js'));
const { default: startDatabase, tearDown } = await import(join(distOf('testkit'), 'global-setup.js'));
const { limits } = await import(join(distOf('runtime'), 'index.js'));
const { Server, ServerCredentials } = createRequire(join(distOf('testkit'), 'index.js'))('@grpc/grpc-js');

function portOf(address) {
  return address.split(':').at(-1);
}

function sectionOf(name) {
  return name.split(' ')[0];
}

/** Runs sections, or all if none is given. Returns the number of cases, and the names of those that fail. */
async function runCases(port, folder, sections = []) {
  const report = join(folder, `${randomUUID()}.xml`);
  const args = [...sections, '--host', '127.0.0.1', '--port', port, '--junit-report', report];
  await promisify(execFile)('h2spec', args, { maxBuffer: 1e8 }).catch(({ code }) => {
    if (code !== 1) throw new Error(`h2spec ended with ${code}.`);
  });
  const cases = (await readFile(report, 'utf8')).split('<testcase ').slice(1);
  const nameOf = (one) => ['package', 'classname'].map((key) => one.split(` ${key}="`)[1]?.split('"')[0]).join(' ');
  return {
    all: cases.length,
    failed: cases.filter((one) => /<(failure|error)/.test(one)).map((one) => nameOf(` ${one}`)),
  };
}

/**
 * Returns the cases that a service fails and the bare server passes, in each of several runs. Some
 * cases depend on time, so both servers run them again, one right after the other.
 */
async function compare(name, port, barePort, folder) {
  const { all, failed } = await runCases(port, folder);
  process.stdout.write(`${name}: ${all - failed.length} of ${all} cases passed\n`);
  let left = failed;
  for (let run = 0; run < runs && left.length > 0; run++) {
    const sections = [...new Set(left.map(sectionOf))];
    const [own, bare] = [await runCases(port, folder, sections), await runCases(barePort, folder, sections)];
    left = left.filter((one) => own.failed.includes(one) && !bare.failed.includes(one));
  }
  for (const one of left) process.stdout.write(`  fails, unlike grpc-js: ${one}\n`);
  return left.length;
}

async function startBareServer() {
  const server = new Server({ 'grpc.max_concurrent_streams': limits.callsPerConnection });
  const bind = promisify(server.bindAsync.bind(server));
  return { server, address: `127.0.0.1:${await bind('127.0.0.1:0', ServerCredentials.createInsecure())}` };
}

await startDatabase();
const folder = await mkdtemp(join(tmpdir(), 'parley-h2spec-'));
const trio = await Trio.start();
const [userService, gateway, bare] = [
  await trio.startUserService(),
  await trio.startGateway(),
  await startBareServer(),
];
const [[manager], [chatServer]] = [trio.managers, trio.chatServers];
const services = { 'user-service': userService, 'channel-service': manager, 'chat-service': chatServer, gateway };
let more = [];
try {
  const compared = Object.entries(services).map(([name, { grpc }]) =>
    compare(name, portOf(grpc), portOf(bare.address), folder),
  );
  more = await Promise.all(compared);
} finally {
  bare.server.forceShutdown();
  await trio.stop();
  await tearDown();
  await rm(folder, { recursive: true });
}
process.exit(more.every((count) => count === 0) ? 0 : 1);
