import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountFor } from '../src/launcher/accounts.js';
import { readOptions } from '../src/launcher/options.js';
import { planServices, type ServicePlan } from '../src/launcher/plan.js';

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('Started by root (skipped for other users)', () => {
  let code: string;
  beforeAll(async () => {
    code = await mkdtemp(join(tmpdir(), 'parley-code-'));
    await mkdir(join(code, 'packages'));
    await writeFile(join(code, 'packages', 'main.js'), '');
    await chmod(code, 0o755);
  });
  afterAll(() => rm(code, { recursive: true }));

  test('files that appear and disappear during the check do not make a service run as root', async () => {
    const [plan] = planServices(readOptions([])).first as [ServicePlan];
    const folder = await mkdtemp(join(tmpdir(), 'parley-busy-'));
    await chmod(folder, 0o755);
    const names = Array.from({ length: 300 }, (_, n) => join(folder, `d${n}`));
    let isOver = false;
    const churn = (async () => {
      while (!isOver) {
        for (const name of names) await mkdir(name).catch(() => {});
        for (const name of names) await rm(name, { recursive: true, force: true });
      }
    })();
    const lines: string[] = [];
    for (let n = 0; n < 20; n++) await accountFor(plan, process.env, (line) => lines.push(line), folder);
    isOver = true;
    await churn;
    await rm(folder, { recursive: true });
    expect(lines).toEqual([]);
  });

  test('Envoy runs as root if its own user cannot run the program', async () => {
    const [plan] = planServices(readOptions([])).first as [ServicePlan];
    const envoy = join(code, 'envoy');
    const lines: string[] = [];
    const who = () => accountFor(plan, { ...process.env, ENVOY_BINARY: envoy }, (line) => lines.push(line), code);
    await writeFile(envoy, '#!/bin/sh\necho 1.0\n', { mode: 0o755 });
    expect([await who(), lines]).toEqual([expect.objectContaining({ uid: expect.any(Number) }), []]);
    const hidden = await mkdtemp(join(tmpdir(), 'parley-hidden-')); // Only its owner may enter.
    await writeFile(join(hidden, 'interpreter'), '#!/bin/sh\n', { mode: 0o755 });
    await writeFile(envoy, `#!${join(hidden, 'interpreter')}\n`);
    expect([await who(), lines]).toEqual([undefined, [expect.stringContaining(`it cannot run ${envoy}`)]]);
    await rm(hidden, { recursive: true });
  });

  test('a service runs as its own user, or as root with a warning if that user cannot read the code', async () => {
    const [plan] = planServices(readOptions([])).first as [ServicePlan];
    const lines: string[] = [];
    const who = () => accountFor(plan, process.env, (line) => lines.push(line), code);
    expect([await who(), lines]).toEqual([expect.objectContaining({ uid: expect.any(Number) }), []]);
    await chmod(join(code, 'packages', 'main.js'), 0o600);
    expect([await who(), lines]).toEqual([undefined, [expect.stringContaining(join(code, 'packages', 'main.js'))]]);
  });
});
