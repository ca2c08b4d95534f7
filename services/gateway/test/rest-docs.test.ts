import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type ServiceProcess, Trio } from '@parley/testkit';
import { restDocument } from '../src/rest/docs-pages.js';

const run = promisify(execFile);
const project = new URL('../../../../', import.meta.url);

let trio: Trio;
let gateway: ServiceProcess;

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway();
});
afterAll(() => trio?.stop());

/** Returns the value with each "…" of the page replaced by a matcher of anything. */
function asMatcher(value: unknown): unknown {
  if (value === '…') return expect.anything();
  if (Array.isArray(value)) return value.map(asMatcher);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asMatcher(part)]));
}

test.each(['rest', 'webhooks'])('the commands of docs/%s.md run in one shell, in their order', async (name) => {
  const page = await readFile(new URL(`docs/${name}.md`, project), 'utf8');
  const steps = [...page.matchAll(/```sh\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)];
  expect(steps.length).toBe((page.match(/^```sh$/gm) ?? []).length);
  const script = steps.map(([, code]) => `${code}\nprintf '\\n\\1'\n`).join('');
  const { stdout } = await run('bash', ['-euc', script.replaceAll('http://localhost:8080', gateway.http)]);
  const outputs = stdout.split('\n\u0001');
  expect(steps.length).toBeGreaterThan(4);
  for (const [at, [, , printed = '']] of steps.entries())
    expect(JSON.parse(String(outputs[at]))).toMatchObject(asMatcher(JSON.parse(printed)) as object);
});

test('`parley openapi` prints the document that the gateway serves', async () => {
  const parley = new URL('bin/parley.js', project).pathname;
  const { stdout } = await run(process.execPath, [parley, 'openapi', '--gateway', gateway.http]);
  expect(JSON.parse(stdout)).toEqual(restDocument());
  const away = await run(process.execPath, [parley, 'openapi', '--gateway', 'http://127.0.0.1:1']).catch((one) => one);
  expect([away.code, away.stderr]).toEqual([3, expect.stringContaining('--gateway')]);
});
