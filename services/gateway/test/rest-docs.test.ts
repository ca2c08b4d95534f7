import { execFile } from 'node:child_process';
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test.each(['rest', 'webhooks', 'bots'])('the commands of docs/%s.md run in one shell, in their order', async (name) => {
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

/** Returns the program of the page in a language. */
async function programOf(language: string): Promise<string> {
  const page = await readFile(new URL('docs/rest.md', project), 'utf8');
  const [, code = ''] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  return code.replaceAll('http://localhost:8080', gateway.http);
}

/** Makes a folder with the OpenAPI document. */
async function clientFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-client-'));
  await writeFile(join(folder, 'parley.json'), JSON.stringify(restDocument()));
  return folder;
}

const { TEST_CLIENTS: nodeModules = '', TEST_CLIENTS_PYTHON: pythonFolder = '' } = process.env;

(nodeModules === '' ? test.skip : test)(
  'a client by openapi-typescript holds the conversation of docs/rest.md',
  async () => {
    const cwd = await clientFolder();
    await symlink(nodeModules, join(cwd, 'node_modules'));
    await run(join(nodeModules, '.bin/openapi-typescript'), ['parley.json', '-o', 'parley.d.ts'], { cwd });
    await writeFile(join(cwd, 'package.json'), '{"type":"module"}');
    await writeFile(join(cwd, 'talk.ts'), await programOf('ts'));
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', '--types', ''];
    const compiler = new URL('node_modules/.bin/tsc', project).pathname;
    await run(compiler, [...options, 'talk.ts'], { cwd });
    const { stdout } = await run(process.execPath, ['talk.js'], { cwd });
    expect(stdout).toBe("[ 'theo: A tree full', 'tess: Any plums?' ]\n");
  },
);

(pythonFolder === '' ? test.skip : test)(
  'a client by openapi-python-client holds the conversation of docs/rest.md',
  async () => {
    const cwd = await clientFolder();
    await writeFile(join(cwd, 'config.yaml'), 'post_hooks: []\n'); // They would only format the client.
    const options = [
      '--path',
      'parley.json',
      '--config',
      'config.yaml',
      '--meta',
      'none',
      '--output-path',
      'parley_client',
    ];
    await run(join(pythonFolder, 'openapi-python-client'), ['generate', ...options], { cwd });
    const { stdout } = await run(join(pythonFolder, 'python'), ['-c', await programOf('python')], { cwd });
    expect(stdout).toBe("['paul: A tree full', 'pat: Any plums?']\n");
  },
);

test('`parley openapi` prints the document that the gateway serves', async () => {
  const parley = new URL('bin/parley.js', project).pathname;
  const { stdout } = await run(process.execPath, [parley, 'openapi', '--gateway', gateway.http]);
  expect(JSON.parse(stdout)).toEqual(restDocument());
  const away = await run(process.execPath, [parley, 'openapi', '--gateway', 'http://127.0.0.1:1']).catch((one) => one);
  expect([away.code, away.stderr]).toEqual([3, expect.stringContaining('--gateway')]);
});
