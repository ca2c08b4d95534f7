import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '@parley/testkit';

const script = fileURLToPath(new URL('../../../../scripts/checks/autobahn.mjs', import.meta.url));
const hasKosoku = spawnSync('kosoku', ['--help']).status === 0;
const given = hasKosoku ? test : test.skip;

interface CaseResult {
  readonly behavior: string;
  readonly behaviorClose: string;
}

given("our WebSockets pass Autobahn's cases (kosoku)", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-autobahn-'));
  const program = new Program(process.execPath, [script, folder]);
  expect([await program.exited, program.said]).toEqual([0, expect.stringContaining('247 cases passed')]);
  const [results]: Record<string, CaseResult>[] = Object.values(
    JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')),
  );
  const passed = ['OK', 'NON-STRICT', 'INFORMATIONAL'];
  const failed = Object.entries(results ?? {}).filter(([, { behavior, behaviorClose }]) =>
    [behavior, behaviorClose].some((one) => !passed.includes(one)),
  );
  expect(failed).toEqual([]);
});
