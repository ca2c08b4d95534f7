import { spawnSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { RestClient } from './rest-client.js';

const given = spawnSync('schemathesis', ['--version']).status === 0 ? test : test.skip;
const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = pathOf('../../test/schemathesis/');
/** Seconds of random requests as each user. 0: as one user, the systematic requests that fit the schemas. */
const seconds = Number(process.env.TEST_SECONDS ?? 0);
const extent =
  seconds > 0
    ? ['--max-time', String(seconds), '--rate-limit', '50/s']
    : ['--phases', 'coverage', '--mode', 'positive'];

let trio: Trio;
let gateway: ServiceProcess;
let people: Record<'operator' | 'admin' | 'stranger', TestPerson>;

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway();
  const [operator, admin] = [await trio.people.make('operator', 'admin'), await trio.people.make('admin')];
  people = { operator, admin, stranger: await trio.people.make('stranger') };
});
afterAll(() => trio?.stop());

/** Creates the channel 1 with a message, because schemathesis begins with the smallest ids. */
async function makeChannel({ operator, admin }: typeof people): Promise<void> {
  const owner = new RestClient(gateway.http, operator.token);
  const { id } = await owner.ok('POST', '/channels', { name: 'first', kind: 'group' });
  await owner.ok('POST', `/channels/${id}/members`, { user_ids: [admin.id] });
  await owner.ok('PATCH', `/channels/${id}/members/${admin.id}`, { role: 'admin' });
  await new RestClient(gateway.http, admin.token).ok('POST', `/channels/${id}/messages`, { text: 'hello' });
}

/** Runs schemathesis with all checks as one user. Returns its exit code and its report. */
async function examine({ token }: TestPerson): Promise<[code: number | null, report: string]> {
  const program = new Program(
    'schemathesis',
    [
      ...['--config-file', `${folder}schemathesis.toml`, 'run', `${gateway.http}/api/v1/openapi.json`, '--no-color'],
      ...[
        '--checks',
        'all',
        '--exclude-checks',
        'positive_data_acceptance',
        '--header',
        `Authorization: Bearer ${token}`,
        ...extent,
      ],
    ],
    {
      cwd: await mkdtemp(join(tmpdir(), 'parley-schemathesis-')), // It writes a folder into it.
      env: {
        ...process.env,
        ...{ SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
        REST_DOCS: pathOf('../../../../docs/rest.md'),
      },
    },
  );
  return [await program.exited, program.said];
}

given(
  'schemathesis finds no difference between the REST API and its OpenAPI document',
  async () => {
    await makeChannel(people);
    for (const person of seconds > 0 ? Object.values(people) : [people.admin]) {
      const [code, report] = await examine(person);
      if (code !== 0) throw new Error(`schemathesis has findings as ${person.id}:\n${report}`);
      expect(report).toMatch(/Tested: [5-9]\d$/m);
    }
  },
  120_000 + 3 * seconds * 1_000,
);
